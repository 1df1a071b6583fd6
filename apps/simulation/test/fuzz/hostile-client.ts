import type { Endpoint } from '@relay/packet';
import { ClientChannel, type KeyPair, type Primitives, type SessionEvent } from '@relay/session';
import type { Random } from '@relay/socket/testing';
import type { MemoryMachine } from '../world/memory-machine.js';
import { HostileEnd } from './hostile-end.js';
import type { HostileFrames } from './hostile-frames.js';

/**
 * How soon the client comes again after its session has ended, in ms. It is longer than a server
 * demands.
 */
const AGAIN_MS = 50;
const CORRUPTED_RATE = 0.02;

export interface HostileClientOptions {
  readonly staticKey: KeyPair;
  readonly serverPublicKey: Uint8Array;
  readonly server: Endpoint;
  readonly primitives: Primitives;
}

/**
 * A client with an invitation. It makes a correct handshake and then sends anything, properly
 * sealed. It repeats this.
 */
export class HostileClient {
  readonly #machine: MemoryMachine;
  readonly #frames: HostileFrames;
  readonly #options: HostileClientOptions;
  readonly #end: HostileEnd;
  #channel: ClientChannel;

  constructor(machine: MemoryMachine, random: Random, frames: HostileFrames, options: HostileClientOptions) {
    this.#machine = machine;
    this.#frames = frames;
    this.#options = options;
    const anywhere = { address: '0.0.0.0', port: 0 };
    this.#end = new HostileEnd(machine, random, anywhere, CORRUPTED_RATE, this);
    this.#channel = this.#newChannel();
  }

  get channel(): ClientChannel {
    return this.#channel;
  }

  /** The errors that this peer itself threw. Each one is a bug of the test. */
  get faults(): readonly unknown[] {
    return this.#end.faults;
  }

  async start(): Promise<void> {
    await this.#end.open();
    this.#connect();
    this.#end.sendAgain(() => {
      const frames = this.#frames.packet();
      this.#channel.session?.sendFrames(frames, 0, frames.length, this.#machine.clock());
    });
  }

  /** Stops sending frames. */
  stop(): void {
    this.#end.stop();
  }

  #connect(): void {
    this.#channel.connect(this.#machine.clock(), this.#machine.wallClock());
    this.#end.settle();
  }

  #newChannel(): ClientChannel {
    return new ClientChannel({ ...this.#options, random: this.#machine.random, out: this.#end.out });
  }

  happened({ kind }: SessionEvent): void {
    if (kind === 'disconnected') this.#machine.schedule(AGAIN_MS, () => this.#again());
  }

  /**
   * Begins again as another process with the same invitation. Nothing of the former session is
   * left.
   */
  #again(): void {
    if (!this.#end.isActive) return;
    const former = this.#channel;
    this.#channel = this.#newChannel();
    former.close(this.#machine.clock());
    this.#connect();
  }
}
