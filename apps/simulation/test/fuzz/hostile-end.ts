import { unpackEndpoint, type Endpoint } from '@relay/packet';
import { Loop } from '@relay/program';
import type { ClientChannel, PacketOut, ServerChannel, SessionEvent } from '@relay/session';
import type { UdpSocket } from '@relay/socket';
import type { Random } from '@relay/socket/testing';
import type { MemoryMachine } from '../world/memory-machine.js';

/** The mean time between two packets of a hostile peer, in ms. */
const SEND_EVERY_MS = 10;
const LARGEST_PACKET_BYTES = 65_507;

/** The part of a hostile peer that differs between client and server. */
export interface Peer {
  /** The current channel. A peer may begin with another one. */
  readonly channel: ClientChannel | ServerChannel;
  happened(event: SessionEvent): void;
}

/** The common part of hostile peers: a channel on a socket, with a loop that sends repeatedly. */
export class HostileEnd {
  /** The errors that the peer itself threw. Each one is a bug of the test. */
  readonly faults: unknown[] = [];
  /** Sends the packets of the channel. It changes a few of them. */
  readonly out: PacketOut;
  readonly #machine: MemoryMachine;
  readonly #random: Random;
  readonly #socket: UdpSocket;
  readonly #loop: Loop;
  #isActive = true;

  constructor(machine: MemoryMachine, random: Random, local: Endpoint, corruptedRate: number, peer: Peer) {
    this.#machine = machine;
    this.#random = random;
    this.#socket = machine.openSocket({ local });
    const bytes = new Uint8Array(LARGEST_PACKET_BYTES);
    this.out = {
      bytes,
      reserve: () => 0,
      add: (length, path, at) => {
        const packet = bytes.slice(0, length);
        if (random.chance(corruptedRate)) packet.fill(0, Math.floor(random.next() * length));
        this.#socket.send(packet, unpackEndpoint(path, at));
      },
    };
    const work = {
      nextDueMs: () => peer.channel.nextWakeMs,
      due: (nowMs: number) => peer.channel.wake(nowMs),
      flush: () => this.#drainEvents(peer),
      failed: (error: unknown) => this.faults.push(error),
    };
    this.#loop = new Loop(work, machine);
    this.#socket.onReceive = (batch) => {
      const nowMs = machine.clock();
      for (let i = 0; i < batch.count; i++) {
        const { channel } = peer; // an event may have replaced it
        channel.receive(batch, i, nowMs);
        while (channel.nextFrame(nowMs));
        this.#drainEvents(peer);
      }
      this.settle();
    };
  }

  get isActive(): boolean {
    return this.#isActive;
  }

  open(): Promise<void> {
    return this.#socket.open();
  }

  /** Call this after each use of the channel. */
  settle(): void {
    this.#loop.settle();
  }

  /** Calls `send` repeatedly, until {@link stop}. */
  sendAgain(send: () => void): void {
    if (!this.#isActive) return;
    send();
    this.settle();
    this.#machine.schedule(this.#random.next() * 2 * SEND_EVERY_MS, () => this.sendAgain(send));
  }

  stop(): void {
    this.#isActive = false;
  }

  #drainEvents(peer: Peer): void {
    const { channel } = peer;
    for (let event = channel.nextEvent(); event !== undefined; event = channel.nextEvent()) {
      if (event.kind === 'fault') this.faults.push(event.error);
      peer.happened(event);
    }
  }
}
