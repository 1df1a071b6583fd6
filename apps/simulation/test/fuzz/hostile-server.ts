import { REQUEST, STATUS, type Endpoint } from '@relay/packet';
import { ServerChannel, type ClientDirectory, type KeyPair, type Primitives, type SessionEvent } from '@relay/session';
import type { Random } from '@relay/socket/testing';
import type { MemoryMachine } from '../world/memory-machine.js';
import { HostileEnd } from './hostile-end.js';
import type { HostileFrames } from './hostile-frames.js';

/** The mean time until the server forgets everything, as after a restart, in ms. */
const FORGET_EVERY_MS = 3000;
const CORRUPTED_RATE = 0.01;
/** Bytes of the ports in front of the entries of a publish request. */
const PORTS_BYTES = 20;

export interface HostileServerOptions {
  readonly staticKey: KeyPair;
  readonly clients: ClientDirectory;
  readonly primitives: Primitives;
}

/**
 * A server that admits its client correctly. Then it sends anything, properly sealed, and answers
 * requests with anything.
 */
export class HostileServer {
  readonly #machine: MemoryMachine;
  readonly #random: Random;
  readonly #frames: HostileFrames;
  readonly #options: HostileServerOptions;
  readonly #end: HostileEnd;
  #channel: ServerChannel;

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
    this.#end = new HostileEnd(machine, random, listen, CORRUPTED_RATE, this);
    this.#channel = this.#newChannel();
  }

  get channel(): ServerChannel {
    return this.#channel;
  }

  /** The errors that this peer itself threw. Each one is a bug of the test. */
  get faults(): readonly unknown[] {
    return this.#end.faults;
  }

  async start(): Promise<void> {
    await this.#end.open();
    this.#end.sendAgain(() => {
      for (const session of [...this.#channel.sessions()]) {
        const frames = this.#frames.packet();
        session.sendFrames(frames, 0, frames.length, this.#machine.clock());
      }
    });
    this.#forgetAgain();
  }

  /** Stops sending frames. */
  stop(): void {
    this.#end.stop();
  }

  #forgetAgain(): void {
    if (!this.#end.isActive) return;
    this.#machine.schedule(this.#random.next() * 2 * FORGET_EVERY_MS, () => {
      if (this.#random.chance(0.5)) this.#channel.close(this.#machine.clock());
      this.#end.settle();
      this.#channel = this.#newChannel();
      this.#forgetAgain();
    });
  }

  #newChannel(): ServerChannel {
    return new ServerChannel({
      ...this.#options,
      wallClock: this.#machine.wallClock,
      limits: { maxSessions: 16 },
      random: this.#machine.random,
      out: this.#end.out,
    });
  }

  happened(event: SessionEvent): void {
    if (event.kind !== 'request') return;
    const { session, id, request, body } = event;
    const status = this.#random.chance(0.7) ? STATUS.done : Math.floor(this.#random.next() * 256);
    // The ports as they were asked for are the right answer.
    const isRight = request === REQUEST.publish && this.#random.chance(0.5);
    session.answer(
      id,
      status,
      isRight ? body.subarray(0, PORTS_BYTES) : this.#frames.bytes(1000),
      this.#machine.clock(),
    );
  }
}
