import { PACKED_ENDPOINT_BYTES, unpackEndpoint, DropCounters, STATUS, type Endpoint } from '@relay/packet';
import { Loop } from '@relay/program';
import {
  receivePackets,
  ServerChannel,
  type ClientDirectory,
  type KeyPair,
  type Primitives,
  type SessionEvent,
} from '@relay/session';
import type { UdpSocket } from '@relay/socket';
import type { Random } from '@relay/socket/testing';
import type { MemoryMachine } from '../world/memory-machine.js';
import type { HostileFrames } from './hostile-frames.js';

const SEND_EVERY_MS = 10;
/** How often it forgets everything, in ms on average, as a restart does. */
const FORGET_EVERY_MS = 3000;
const CORRUPTED_RATE = 0.01;

export interface HostileServerOptions {
  readonly staticKey: KeyPair;
  readonly clients: ClientDirectory;
  readonly primitives: Primitives;
}

/**
 * Lets its client in as is right, and then sends what it likes, properly sealed, and answers
 * requests with what it likes.
 */
export class HostileServer {
  /** What this peer itself threw: a bug of the test. */
  readonly faults: unknown[] = [];
  readonly #machine: MemoryMachine;
  readonly #random: Random;
  readonly #frames: HostileFrames;
  readonly #options: HostileServerOptions;
  readonly #socket: UdpSocket;
  readonly #loop: Loop;
  #channel: ServerChannel;
  #isActive = true;

  constructor(
    machine: MemoryMachine,
    random: Random,
    frames: HostileFrames,
    listen: Endpoint,
    options: HostileServerOptions,
  ) {
    this.#machine = machine;
    this.#random = random;
    this.#frames = frames;
    this.#options = options;
    this.#socket = machine.openSocket({ local: listen });
    this.#channel = this.#newChannel();
    const work = {
      nextDueMs: () => this.#channel.nextWakeMs,
      due: (nowMs: number) => this.#channel.wake(nowMs),
      flush: () => undefined,
      failed: (error: unknown) => this.faults.push(error),
    };
    this.#loop = new Loop(work, machine);
    this.#socket.onReceive = (batch) => {
      receivePackets(this.#channel, batch, new DropCounters(), machine.clock());
      this.#loop.settle();
    };
  }

  async start(): Promise<void> {
    await this.#socket.open();
    this.#sendAgain();
    this.#forgetAgain();
  }

  /** Sends no frames any more. */
  stop(): void {
    this.#isActive = false;
  }

  #sendAgain(): void {
    if (!this.#isActive) return;
    for (const session of [...this.#channel.sessions()]) {
      const frames = this.#frames.packet();
      session.sendFrames(frames, 0, frames.length, this.#machine.clock());
    }
    this.#loop.settle();
    this.#machine.schedule(this.#random.next() * 2 * SEND_EVERY_MS, () => this.#sendAgain());
  }

  #forgetAgain(): void {
    if (!this.#isActive) return;
    this.#machine.schedule(this.#random.next() * 2 * FORGET_EVERY_MS, () => {
      if (this.#random.chance(0.5)) this.#channel.close(this.#machine.clock());
      this.#channel = this.#newChannel();
      this.#forgetAgain();
    });
  }

  #newChannel(): ServerChannel {
    return new ServerChannel({
      ...this.#options,
      resetSecret: new Uint8Array(32).fill(7),
      limits: { maxSessions: 16 },
      random: this.#machine.random,
      onPacket: (bytes, offset, length, destination, at) => {
        const packet = bytes.slice(offset, offset + length);
        if (this.#random.chance(CORRUPTED_RATE)) packet.fill(0, Math.floor(this.#random.next() * length));
        this.#socket.send(packet, unpackEndpoint(destination.subarray(at, at + PACKED_ENDPOINT_BYTES), 0));
      },
      onFrame: () => undefined,
      onEvent: (event) => this.#answer(event),
    });
  }

  #answer(event: SessionEvent): void {
    if (event.kind === 'fault') this.faults.push(event.error);
    if (event.kind !== 'request') return;
    const status = this.#random.chance(0.7) ? STATUS.done : Math.floor(this.#random.next() * 256);
    event.session.answer(event.id, status, this.#frames.bytes(1000), this.#machine.clock());
  }
}
