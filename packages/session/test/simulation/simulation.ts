import { COMPACT_HEADER_BYTES, encodeCompactHeader, equalPackedEndpoints, FRAME } from '@relay/packet';
import {
  ClientChannel,
  generateKeyPair,
  ServerChannel,
  type ClientEntry,
  type KeyPair,
  type ReceivedFrame,
  type Session,
  type SessionEvent,
} from '../../src/index.js';
import { batchOf, MemoryDirectory, Outbox, packed, packedServer, SERVER_ENDPOINT } from '../two-ends.js';
import { Agenda } from './agenda.js';
import { SeededRandom } from './seeded-random.js';

/** What the network and the machines do to the session. Rates are probabilities per packet. */
export interface Accidents {
  readonly lossRate: number;
  readonly duplicateRate: number;
  /** Delays are anywhere between: packets overtake each other. */
  readonly delayMs: readonly [least: number, most: number];
  /** The client's address changes about this often; 0: never. */
  readonly rebindEveryMs: number;
  /**
   * Somebody copies a packet and sends it from elsewhere: some time later, or so that it comes
   * first.
   */
  readonly replayRate: number;
  readonly overtakeRate: number;
  /**
   * Times at which the server is killed and started again, the client too, the wall clock jumps,
   * the client sleeps for a minute.
   */
  readonly serverRestartsMs?: readonly number[];
  readonly clientRestartsMs?: readonly number[];
  readonly wallClockJumpsMs?: readonly number[];
  readonly clientSleepsMs?: readonly number[];
  /** From when to when nothing passes. */
  readonly cutMs?: readonly [from: number, to: number];
}

/** One direction's record: what was sent, what came, and the longest time in which nothing did. */
class Direction {
  readonly #sent = new Set<number>();
  readonly #opened = new Set<number>();
  #lastMs = 0;
  longestGapMs = 0;
  longestGapAtMs = 0;

  get openedCount(): number {
    return this.#opened.size;
  }

  sent(number: number): void {
    this.#sent.add(number);
  }

  opened(number: number, nowMs: number): void {
    if (!this.#sent.has(number)) throw new Error(`payload ${number} was never sent in this direction`);
    if (this.#opened.has(number)) throw new Error(`payload ${number} was opened twice`);
    this.#opened.add(number);
    this.closeGap(nowMs);
  }

  /** The time since the last payload counts as a gap, ended now; unless it is excused. */
  closeGap(nowMs: number, isExcused = false): void {
    if (!isExcused && nowMs - this.#lastMs > this.longestGapMs) {
      this.longestGapMs = nowMs - this.#lastMs;
      this.longestGapAtMs = nowMs;
    }
    this.#lastMs = nowMs;
  }
}

const SEND_EVERY_MS = 100;
/**
 * The server writes timestamps to disk this much late: what it learned last is lost when it is
 * killed.
 */
const DISK_DELAY_MS = 1000;

/**
 * A client and a server that send numbered payloads to each other through a network with accidents;
 * every run with a seed is the same.
 */
export class Simulation {
  nowMs = 0;
  readonly events: SessionEvent['kind'][] = [];
  readonly toServer = new Direction();
  readonly toClient = new Direction();
  mostSessions = 0;
  readonly #random: SeededRandom;
  readonly #accidents: Accidents;
  readonly #agenda = new Agenda();
  readonly #directory = new MemoryDirectory();
  #onDisk: ReadonlyMap<string, ClientEntry>;
  readonly #serverKey: KeyPair;
  readonly #clientKey: KeyPair;
  readonly #fromServer = new Outbox();
  readonly #fromClient = new Outbox();
  #client: ClientChannel;
  #server: ServerChannel;
  #wallOffsetMs = 1_790_000_000_000;
  #clientPort = 40_000;
  #clientAddress = packed('198.51.100.7', 40_000);
  #clientAwakeMs = 0;
  #nextNumber = 1;

  constructor(seed: number, accidents: Accidents) {
    this.#random = new SeededRandom(seed);
    this.#accidents = accidents;
    this.#serverKey = generateKeyPair(this.#random.bytes);
    this.#clientKey = generateKeyPair(this.#random.bytes);
    this.#directory.add(this.#clientKey.publicKey);
    this.#onDisk = new Map(this.#directory.entries);
    this.#server = this.#newServer();
    this.#client = this.#newClient();
    this.#planAccidents();
    this.#every(SEND_EVERY_MS, () => this.#sendBoth());
    this.#every(DISK_DELAY_MS, () => (this.#onDisk = new Map(this.#directory.entries)));
    this.#client.connect(this.nowMs, this.#wallOffsetMs);
    this.#flush();
  }

  /** Until this time. Gaps that are open then count. */
  run(untilMs: number): void {
    for (;;) {
      const nextMs = Math.min(this.#agenda.nextMs, this.#clientWakeMs(), this.#server.nextWakeMs);
      if (nextMs > untilMs) break;
      this.nowMs = Math.max(this.nowMs, nextMs);
      if (this.#agenda.nextMs <= this.nowMs) this.#agenda.take()();
      if (this.#clientWakeMs() <= this.nowMs) this.#client.wake(this.nowMs);
      if (this.#server.nextWakeMs <= this.nowMs) this.#server.wake(this.nowMs);
      this.#flush();
      this.#drainEvents();
      this.mostSessions = Math.max(this.mostSessions, this.#server.sessionCount);
    }
    this.nowMs = untilMs;
    this.toServer.closeGap(untilMs);
    this.toClient.closeGap(untilMs);
  }

  #planAccidents(): void {
    const { rebindEveryMs, cutMs } = this.#accidents;
    if (rebindEveryMs > 0) this.#every(rebindEveryMs, () => this.#rebind());
    for (const atMs of this.#accidents.serverRestartsMs ?? []) this.#agenda.add(atMs, () => this.#restartServer());
    for (const atMs of this.#accidents.clientRestartsMs ?? []) this.#agenda.add(atMs, () => this.#restartClient());
    for (const atMs of this.#accidents.wallClockJumpsMs ?? []) {
      this.#agenda.add(atMs, () => (this.#wallOffsetMs += this.#random.between(-86_400_000, 86_400_000)));
    }
    for (const atMs of this.#accidents.clientSleepsMs ?? []) {
      this.#agenda.add(atMs, () => (this.#clientAwakeMs = this.nowMs + 60_000));
      this.#agenda.add(atMs + 60_000, () => this.#excuseGaps());
    }
    if (cutMs !== undefined) this.#agenda.add(cutMs[1], () => this.#excuseGaps());
  }

  #excuseGaps(): void {
    this.toServer.closeGap(this.nowMs, true);
    this.toClient.closeGap(this.nowMs, true);
  }

  #every(periodMs: number, act: () => void): void {
    const again = (): void => {
      act();
      this.#agenda.add(this.nowMs + periodMs, again);
    };
    this.#agenda.add(this.nowMs + periodMs, again);
  }

  #clientWakeMs(): number {
    return Math.max(this.#client.nextWakeMs, this.#clientAwakeMs);
  }

  #rebind(): void {
    this.#clientPort = this.#clientPort === 60_000 ? 40_000 : this.#clientPort + 1;
    this.#clientAddress = packed('198.51.100.7', this.#clientPort);
  }

  #restartServer(): void {
    this.#directory.entries.clear();
    for (const [name, entry] of this.#onDisk) this.#directory.entries.set(name, entry);
    this.#server = this.#newServer();
  }

  #restartClient(): void {
    // Time has passed by its own clock, whatever that says: a client that kept nothing needs a
    // clock that goes on.
    this.#client = this.#newClient();
    this.#client.connect(this.nowMs, this.nowMs + 1_790_000_000_000);
  }

  #newServer(): ServerChannel {
    return new ServerChannel({
      staticKey: this.#serverKey,
      clients: this.#directory,
      wallClock: () => this.#wallOffsetMs + this.nowMs,
      random: this.#random.bytes,
      out: this.#fromServer,
    });
  }

  #newClient(): ClientChannel {
    return new ClientChannel({
      staticKey: this.#clientKey,
      serverPublicKey: this.#serverKey.publicKey,
      server: SERVER_ENDPOINT,
      random: this.#random.bytes,
      out: this.#fromClient,
    });
  }

  /** Puts what both have sent on the wire. */
  #flush(): void {
    for (const { bytes, destination } of this.#fromServer.sent.splice(0)) {
      const deliver = (packet: Uint8Array): void => {
        if (!equalPackedEndpoints(destination, 0, this.#clientAddress, 0) || this.#clientAwakeMs > this.nowMs) return;
        this.#receive(this.#client, packet, packedServer, this.toClient);
      };
      this.#transmit(bytes, deliver, deliver);
    }
    for (const { bytes } of this.#fromClient.sent.splice(0)) {
      const source = this.#clientAddress;
      const elsewhere = packed('203.0.113.66', 1 + Math.floor(this.#random.next() * 60_000));
      const from = (address: Uint8Array) => (packet: Uint8Array) =>
        this.#receive(this.#server, packet, address, this.toServer);
      this.#transmit(bytes, from(source), from(elsewhere));
    }
  }

  #receive(channel: ClientChannel | ServerChannel, packet: Uint8Array, path: Uint8Array, direction: Direction): void {
    channel.receive(batchOf(packet, path), 0, this.nowMs);
    while (channel.nextFrame(this.nowMs)) this.#opened(direction, channel.frame);
  }

  #drainEvents(): void {
    const server = this.#server;
    for (let event = server.nextEvent(); event !== undefined; event = server.nextEvent()) this.events.push(event.kind);
    while (this.#client.nextEvent() !== undefined);
  }

  #transmit(packet: Uint8Array, deliver: (packet: Uint8Array) => void, replay: (packet: Uint8Array) => void): void {
    const { lossRate, duplicateRate, replayRate, overtakeRate, delayMs, cutMs } = this.#accidents;
    if (cutMs !== undefined && this.nowMs >= cutMs[0] && this.nowMs < cutMs[1]) return;
    const [least, most] = delayMs;
    if (this.#random.chance(overtakeRate)) this.#agenda.add(this.nowMs + least / 2, () => replay(packet.slice()));
    if (this.#random.chance(replayRate)) {
      this.#agenda.add(this.nowMs + this.#random.between(least, 60_000), () => replay(packet.slice()));
    }
    const copies = this.#random.chance(lossRate) ? 0 : this.#random.chance(duplicateRate) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      this.#agenda.add(this.nowMs + this.#random.between(least, most), () => deliver(packet.slice()));
    }
  }

  #sendBoth(): void {
    const [atServer] = this.#server.sessions();
    if (atServer !== undefined) this.#send(atServer, this.toClient);
    if (this.#client.session !== undefined && this.#clientAwakeMs <= this.nowMs)
      this.#send(this.#client.session, this.toServer);
  }

  #send(session: Session, direction: Direction): void {
    const number = this.#nextNumber++;
    const frame = new Uint8Array(COMPACT_HEADER_BYTES + 4);
    const payload = encodeCompactHeader(frame, 0, 2);
    new DataView(frame.buffer).setUint32(payload, number);
    direction.sent(number);
    session.sendFrames(frame, 0, frame.length, this.nowMs);
  }

  #opened(direction: Direction, { type, bytes, offset }: ReceivedFrame): void {
    if (type !== FRAME.compact) throw new Error(`nobody sent a frame of type ${type}`);
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    direction.opened(view.getUint32(offset + COMPACT_HEADER_BYTES), this.nowMs);
  }
}
