import { Loop } from '@relay/program';
import { unpackEndpoint, type Endpoint } from '@relay/packet';
import { ClientChannel, receivePackets, type KeyPair, type Primitives } from '@relay/session';
import type { UdpSocket } from '@relay/socket';
import type { Random } from '@relay/socket/testing';
import { DropCounters } from '@relay/packet';
import type { MemoryMachine } from '../world/memory-machine.js';
import type { HostileFrames } from './hostile-frames.js';

/** How often a hostile peer sends, in ms: on average. */
const SEND_EVERY_MS = 10;
/** How soon it comes again after its session has ended, in ms: more than a server asks for. */
const AGAIN_MS = 50;
const CORRUPTED_RATE = 0.02;

export interface HostileClientOptions {
  readonly staticKey: KeyPair;
  readonly serverPublicKey: Uint8Array;
  readonly server: Endpoint;
  readonly primitives: Primitives;
}

/**
 * Holds an invitation, shakes hands as is right, and then sends what it likes, properly sealed;
 * again and again.
 */
export class HostileClient {
  /** What this peer itself threw: a bug of the test. */
  readonly faults: unknown[] = [];
  readonly #machine: MemoryMachine;
  readonly #random: Random;
  readonly #frames: HostileFrames;
  readonly #options: HostileClientOptions;
  readonly #socket: UdpSocket;
  readonly #loop: Loop;
  #channel: ClientChannel;
  #isActive = true;

  constructor(machine: MemoryMachine, random: Random, frames: HostileFrames, options: HostileClientOptions) {
    this.#machine = machine;
    this.#random = random;
    this.#frames = frames;
    this.#options = options;
    this.#socket = machine.openSocket({ local: { address: '0.0.0.0', port: 0 } });
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
    this.#connect();
    this.#sendAgain();
  }

  /** Sends no frames any more. */
  stop(): void {
    this.#isActive = false;
  }

  #sendAgain(): void {
    if (!this.#isActive) return;
    const frames = this.#frames.packet();
    this.#channel.session?.sendFrames(frames, 0, frames.length, this.#machine.clock());
    this.#loop.settle();
    this.#machine.schedule(this.#random.next() * 2 * SEND_EVERY_MS, () => this.#sendAgain());
  }

  #connect(): void {
    this.#channel.connect(this.#machine.clock(), this.#machine.wallClock());
    this.#loop.settle();
  }

  #newChannel(): ClientChannel {
    const channel: ClientChannel = new ClientChannel({
      ...this.#options,
      random: this.#machine.random,
      onPacket: (bytes, offset, length, destination, at) => {
        const packet = bytes.slice(offset, offset + length);
        if (this.#random.chance(CORRUPTED_RATE)) packet.fill(0, Math.floor(this.#random.next() * length));
        this.#socket.send(packet, unpackEndpoint(destination, at));
      },
      onFrame: () => undefined,
      onEvent: (event) => {
        if (event.kind === 'fault') this.faults.push(event.error);
        if (event.kind === 'disconnected' && channel === this.#channel)
          this.#machine.schedule(AGAIN_MS, () => this.#again());
      },
    });
    return channel;
  }

  /** As another process with the same invitation: nothing of the former session is left. */
  #again(): void {
    if (!this.#isActive) return;
    const former = this.#channel;
    this.#channel = this.#newChannel();
    former.close(this.#machine.clock());
    this.#connect();
  }
}
