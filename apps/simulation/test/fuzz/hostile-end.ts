import { DropCounters, unpackEndpoint, type Endpoint } from '@relay/packet';
import { Loop } from '@relay/program';
import { receivePackets, type ClientChannel, type PacketSink, type ServerChannel } from '@relay/session';
import type { UdpSocket } from '@relay/socket';
import type { Random } from '@relay/socket/testing';
import type { MemoryMachine } from '../world/memory-machine.js';

/** How often a hostile peer sends, in ms: on average. */
const SEND_EVERY_MS = 10;

/**
 * What hostile peers have in common: a channel on a socket, with its loop, that sends again and
 * again.
 */
export class HostileEnd {
  /** What the peer itself threw: a bug of the test. */
  readonly faults: unknown[] = [];
  /** Sends a packet of the channel; now and then not as it was. */
  readonly onPacket: PacketSink;
  readonly #machine: MemoryMachine;
  readonly #random: Random;
  readonly #socket: UdpSocket;
  readonly #loop: Loop;
  #isActive = true;

  /** `channel` gives the channel of now: a peer may begin with another. */
  constructor(
    machine: MemoryMachine,
    random: Random,
    local: Endpoint,
    corruptedRate: number,
    channel: () => ClientChannel | ServerChannel,
  ) {
    this.#machine = machine;
    this.#random = random;
    this.#socket = machine.openSocket({ local });
    this.onPacket = (bytes, offset, length, destination, at) => {
      const packet = bytes.slice(offset, offset + length);
      if (random.chance(corruptedRate)) packet.fill(0, Math.floor(random.next() * length));
      this.#socket.send(packet, unpackEndpoint(destination, at));
    };
    const work = {
      nextDueMs: () => channel().nextWakeMs,
      due: (nowMs: number) => channel().wake(nowMs),
      flush: () => undefined,
      failed: (error: unknown) => this.faults.push(error),
    };
    this.#loop = new Loop(work, machine);
    this.#socket.onReceive = (batch) => {
      receivePackets(channel(), batch, new DropCounters(), machine.clock());
      this.settle();
    };
  }

  get isActive(): boolean {
    return this.#isActive;
  }

  open(): Promise<void> {
    return this.#socket.open();
  }

  /** To be called after whatever was done with the channel. */
  settle(): void {
    this.#loop.settle();
  }

  /** Calls `send` again and again, until {@link stop}. */
  sendAgain(send: () => void): void {
    if (!this.#isActive) return;
    send();
    this.settle();
    this.#machine.schedule(this.#random.next() * 2 * SEND_EVERY_MS, () => this.sendAgain(send));
  }

  stop(): void {
    this.#isActive = false;
  }
}
