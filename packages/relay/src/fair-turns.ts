/**
 * Shares the time of an event loop among clients when packets come faster than it works: who sends
 * little is served at once, and who sends much waits for its turn, and loses what has no room.
 */
import { DROP, type DatagramBatch } from '@relay/packet';
import { Chunks, ENDPOINTS_BYTES, SingleBatch, WaitingPackets } from './waiting-packets.js';

/** What turns are made of. */
export interface FairTurnsOptions {
  /** A steady clock, ms, which goes on while work is done. */
  readonly clock: () => number;
  /** Works on packet `i` of a batch. Returns how many frames it had. */
  readonly take: (batch: DatagramBatch, i: number, nowMs: number) => number;
  /** Whose packet `i` of the batch claims to be; undefined: of no client. */
  readonly clientOf: (batch: DatagramBatch, i: number) => string | undefined;
  /** Called when packets that have waited were worked on: the batch of theirs is used again. */
  readonly turned: () => void;
  /** Calls `run` once, after all sockets that are ready have delivered. */
  readonly soon: (run: () => void) => void;
  /** Counts a packet that had no room to wait. */
  readonly dropped: (code: number) => void;
}

/** Packets are taken as they come until that took this long; later ones may have to wait. */
const TURN_MS = 2;
/** What waits is served for so long before the sockets are read again. */
const SERVING_MS = 1;
/** The share of each client that waits, in turns. */
const SLICE_MS = 0.5;
/** Where so many packets came within a turn, the kernel has more, and loses what is not read. */
const MANY_PACKETS = 192;
/** A pause of this length between two batches begins a new turn. */
const PAUSE_MS = 1;
/** The clock is read after so many frames: reading it costs a tenth of what a frame does. */
const FRAMES_PER_LOOK = 8;
/** Who has sent no more frames than this within a late turn does not wait. */
const FEW_FRAMES = 16;
/** What may wait: of one client, and of all. */
const MAX_WAITING_BYTES = 1 << 19;
const MAX_ALL_WAITING_BYTES = 1 << 24;

export class FairTurns {
  readonly #options: FairTurnsOptions;
  /** By client, in the order of their turns. */
  readonly #waiting = new Map<string, WaitingPackets>();
  /** Frames of each client since the turn is late. */
  readonly #frames = new Map<string, number>();
  readonly #single = new SingleBatch();
  readonly #chunks = new Chunks();
  #waitingBytes = 0;
  #arrived = 0;
  #spentMs = 0;
  #endedMs = -Infinity;
  #isLate = false;
  /** What a turn may take before packets have to wait. */
  #turnMs = TURN_MS;

  constructor(options: FairTurnsOptions) {
    this.#options = options;
  }

  /** Takes packets that have arrived: now, or a copy of them a little later. */
  receive(batch: DatagramBatch, nowMs: number): void {
    const { clock, take } = this.#options;
    const startMs = clock();
    if (startMs - this.#endedMs > PAUSE_MS) this.#spentMs = 0;
    if (!this.#isLate && this.#spentMs === 0) this.#arrived = 0;
    const untilMs = startMs + this.#turnMs - this.#spentMs;
    let frames = 0;
    this.#arrived += batch.count;
    for (let i = 0; i < batch.count; i++) {
      if (this.#isLate) {
        this.#takeLate(batch, i, nowMs);
        continue;
      }
      frames += take(batch, i, nowMs);
      if (frames < FRAMES_PER_LOOK) continue;
      frames = 0;
      if (clock() >= untilMs) this.#beLate();
    }
    this.#endedMs = clock();
    this.#spentMs += this.#endedMs - startMs;
    if (this.#spentMs >= this.#turnMs && !this.#isLate) this.#beLate();
  }

  /** Forgets what waits. */
  clear(): void {
    this.#waiting.clear();
    this.#waitingBytes = 0;
  }

  #beLate(): void {
    this.#isLate = true;
    this.#options.soon(() => this.#serve());
  }

  #takeLate(batch: DatagramBatch, i: number, nowMs: number): void {
    const { take, clientOf } = this.#options;
    const client = clientOf(batch, i);
    if (client === undefined) return void take(batch, i, nowMs);
    const frames = this.#frames.get(client) ?? 0;
    if (frames < FEW_FRAMES && !this.#waiting.has(client)) this.#frames.set(client, frames + 1 + take(batch, i, nowMs));
    else this.#wait(client, batch, i);
  }

  #wait(client: string, batch: DatagramBatch, i: number): void {
    let waiting = this.#waiting.get(client);
    const bytes = ENDPOINTS_BYTES + (batch.lengths[i] ?? 0);
    const isFull = (waiting?.bytes ?? 0) + bytes > MAX_WAITING_BYTES;
    if (isFull || this.#waitingBytes + bytes > MAX_ALL_WAITING_BYTES) return this.#options.dropped(DROP.overloaded);
    if (waiting === undefined) {
      waiting = new WaitingPackets(this.#chunks);
      this.#waiting.set(client, waiting);
    }
    waiting.add(batch, i);
    this.#waitingBytes += bytes;
  }

  /** Each client that waits has its share of the time, in turns, until the turn is over. */
  #serve(): void {
    const { clock, soon, turned } = this.#options;
    const hasMore = this.#arrived >= MANY_PACKETS;
    this.#arrived = 0;
    this.#turnMs = hasMore ? SLICE_MS : TURN_MS;
    const endMs = clock() + (hasMore ? SLICE_MS : SERVING_MS);
    while (this.#waiting.size > 0 && clock() < endMs) {
      for (const [client, waiting] of this.#waiting) {
        this.#waiting.delete(client);
        this.#serveOne(waiting);
        if (!waiting.isEmpty) this.#waiting.set(client, waiting);
        break;
      }
    }
    turned();
    this.#frames.clear();
    this.#spentMs = 0;
    this.#endedMs = clock();
    this.#isLate = this.#waiting.size > 0;
    if (this.#isLate) soon(() => this.#serve());
  }

  #serveOne(waiting: WaitingPackets): void {
    const { clock, take } = this.#options;
    waiting.leftMs += SLICE_MS;
    let nowMs = clock();
    while (waiting.leftMs > 0) {
      const packet = waiting.next();
      if (packet === undefined) return;
      this.#waitingBytes -= packet.length;
      take(this.#single.show(packet), 0, nowMs);
      const doneMs = clock();
      waiting.leftMs -= doneMs - nowMs;
      nowMs = doneMs;
    }
    waiting.tidy();
  }
}
