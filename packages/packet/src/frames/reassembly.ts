import { DropCounters } from '../drop-counters.js';
import { DROP } from '../drop-reason.js';
import { copyBytes, readU8 } from '../integers.js';
import { fragmentStart, MAX_FRAGMENTS, type FragmentFields } from './fragment.js';
import { FRAME } from './frame.js';

/** Bounds of a {@link Reassembly}. */
export interface ReassemblyOptions {
  /** Bytes of all incomplete frames together, each counted whole from its first piece on. */
  readonly maxBytes: number;
  /** How many frames may be incomplete at a time. */
  readonly maxDatagrams: number;
  /** How long after its first piece a frame is given up. */
  readonly timeoutMs: number;
  /** Counts frames that are given up; without it, the object has counters of its own. */
  readonly drops?: DropCounters;
}

/** Memory of a frame grows by doubling, from this on. */
const LEAST_BYTES = 4096;

/** A frame that misses pieces. */
class Incomplete {
  id = 0;
  /** The neighbours in the order of first pieces. */
  older: Incomplete | undefined;
  newer: Incomplete | undefined;
  total = 0;
  count = 0;
  missing = 0;
  expiryMs = 0;
  /** The pieces that have come, each in its place: it grows with them, to `total` at most. */
  #memory = new Uint8Array(0);
  /** A bit for each piece. */
  readonly #arrived = new Uint8Array((MAX_FRAGMENTS + 7) >> 3);

  /** Begins a new frame. The memory of the last one is used again where it is not too large. */
  begin(id: number, total: number, count: number, expiryMs: number): void {
    this.id = id;
    this.total = total;
    this.count = count;
    this.missing = count;
    this.expiryMs = expiryMs;
    this.#arrived.fill(0);
    if (this.#memory.length > total) this.#memory = new Uint8Array(0);
  }

  has(index: number): boolean {
    return ((this.#arrived[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
  }

  /** Copies piece `index`, which lies at `offset` of `bytes`. */
  put(index: number, bytes: Uint8Array, offset: number, length: number): void {
    const start = fragmentStart(this.total, this.count, index);
    this.#grow(start + length);
    copyBytes(bytes, offset, this.#memory, start, length);
    this.#arrived[index >> 3] = (this.#arrived[index >> 3] ?? 0) | (1 << (index & 7));
    this.missing--;
  }

  /** The bytes of the whole frame, which belong to the caller from now on. */
  take(): Uint8Array {
    const memory = this.#memory;
    this.#memory = new Uint8Array(0);
    return memory;
  }

  #grow(bytes: number): void {
    if (bytes <= this.#memory.length) return;
    const grown = new Uint8Array(Math.min(this.total, Math.max(LEAST_BYTES, 2 * bytes)));
    grown.set(this.#memory);
    this.#memory = grown;
  }
}

/**
 * Puts the fragments of one sender together again, bounded in memory and time. When it is full, the
 * oldest incomplete frame makes room: the pieces of a frame are sent together, so the oldest is the
 * one that has most likely lost a piece.
 */
export class Reassembly {
  /** Frames given up, by reason: reassembly-limit and reassembly-timeout. */
  readonly drops: DropCounters;
  readonly #options: ReassemblyOptions;
  readonly #incomplete = new Map<number, Incomplete>();
  /** The ends of a list in the order of first pieces, which is that of expiry. */
  #oldest: Incomplete | undefined;
  #newest: Incomplete | undefined;
  #pendingBytes = 0;
  #whole: Uint8Array = new Uint8Array(0);

  constructor(options: ReassemblyOptions) {
    this.#options = options;
    this.drops = options.drops ?? new DropCounters();
  }

  /**
   * The frame that the last call of {@link add} completed, in the form that ends a packet. Its
   * bytes are not used again.
   */
  get whole(): Uint8Array {
    return this.#whole;
  }

  /** Frames that miss pieces. */
  get pendingDatagrams(): number {
    return this.#incomplete.size;
  }

  /** Bytes kept for them. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** When {@link expire} should be called next; Infinity if nothing is pending. */
  get nextExpiryMs(): number {
    return this.#oldest?.expiryMs ?? Infinity;
  }

  /**
   * Takes a fragment that decodeFragment has read from `bytes`; the piece is copied. Returns the
   * length of the whole frame if this piece completes it ({@link whole} then holds it), 0 while
   * pieces are missing, or a drop code for this fragment alone: duplicate-fragment, bad-fragment
   * (it contradicts earlier pieces, or what it completes is no datagram frame), reassembly-limit
   * (larger than all that may be kept).
   */
  add(fragment: Readonly<FragmentFields>, bytes: Uint8Array, nowMs: number): number {
    this.expire(nowMs);
    const { id, total, count, index } = fragment;
    const frame = this.#incomplete.get(id) ?? this.#begin(id, total, count, nowMs);
    if (frame === undefined) return DROP.reassemblyLimit;
    if (frame.total !== total || frame.count !== count) return DROP.badFragment;
    if (frame.has(index)) return DROP.duplicateFragment;

    frame.put(index, bytes, fragment.pieceOffset, fragment.pieceLength);
    if (frame.missing > 0) return 0;
    this.#forget(frame);
    const whole = frame.take();
    const type = readU8(whole, 0);
    if (type !== FRAME.compact && type !== FRAME.extended && type !== FRAME.addressed) return DROP.badFragment;
    this.#whole = whole;
    return total;
  }

  /** Gives up the frames whose time is over, and returns how many. */
  expire(nowMs: number): number {
    let expired = 0;
    while (this.#oldest !== undefined && this.#oldest.expiryMs <= nowMs) {
      this.#forget(this.#oldest);
      this.drops.count(DROP.reassemblyTimeout);
      expired++;
    }
    return expired;
  }

  #begin(id: number, total: number, count: number, nowMs: number): Incomplete | undefined {
    const { maxBytes, maxDatagrams, timeoutMs } = this.#options;
    if (total > maxBytes || maxDatagrams < 1) return undefined;
    let frame: Incomplete | undefined;
    while (this.#oldest !== undefined && !this.#hasRoom(total)) {
      frame = this.#oldest;
      this.#forget(frame);
      this.drops.count(DROP.reassemblyLimit);
    }
    frame ??= new Incomplete();
    frame.begin(id, total, count, nowMs + timeoutMs);
    this.#remember(frame);
    return frame;
  }

  #hasRoom(bytes: number): boolean {
    const { maxBytes, maxDatagrams } = this.#options;
    return this.#pendingBytes + bytes <= maxBytes && this.#incomplete.size < maxDatagrams;
  }

  #remember(frame: Incomplete): void {
    this.#incomplete.set(frame.id, frame);
    this.#pendingBytes += frame.total;
    frame.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = frame;
    else this.#newest.newer = frame;
    this.#newest = frame;
  }

  #forget(frame: Incomplete): void {
    const { older, newer } = frame;
    this.#incomplete.delete(frame.id);
    this.#pendingBytes -= frame.total;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    frame.older = undefined;
    frame.newer = undefined;
  }
}
