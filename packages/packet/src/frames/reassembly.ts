import { DropCounters } from '../drop-counters.js';
import { DROP } from '../drop-reason.js';
import { copyBytes, readU8 } from '../integers.js';
import { fragmentStart, type FragmentFields } from './fragment.js';
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

interface Incomplete {
  readonly total: number;
  /** The pieces that have come, each where it belongs: memory comes with the pieces. */
  readonly pieces: (Uint8Array | undefined)[];
  missing: number;
  readonly expiryMs: number;
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
  /** In the order of their first pieces, which is that of their expiry. */
  readonly #incomplete = new Map<number, Incomplete>();
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
    for (const { expiryMs } of this.#incomplete.values()) return expiryMs;
    return Infinity;
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
    if (frame.total !== total || frame.pieces.length !== count) return DROP.badFragment;
    if (frame.pieces[index] !== undefined) return DROP.duplicateFragment;

    const piece = new Uint8Array(fragment.pieceLength);
    copyBytes(bytes, fragment.pieceOffset, piece, 0, piece.length);
    frame.pieces[index] = piece;
    frame.missing--;
    if (frame.missing > 0) return 0;
    this.#forget(id, frame);
    const whole = joined(frame);
    const type = readU8(whole, 0);
    if (type !== FRAME.compact && type !== FRAME.extended && type !== FRAME.addressed) return DROP.badFragment;
    this.#whole = whole;
    return total;
  }

  /** Gives up the frames whose time is over, and returns how many. */
  expire(nowMs: number): number {
    let expired = 0;
    for (const [id, frame] of this.#incomplete) {
      if (frame.expiryMs > nowMs) break;
      this.#forget(id, frame);
      this.drops.count(DROP.reassemblyTimeout);
      expired++;
    }
    return expired;
  }

  #begin(id: number, total: number, count: number, nowMs: number): Incomplete | undefined {
    const { maxBytes, maxDatagrams, timeoutMs } = this.#options;
    if (total > maxBytes || maxDatagrams < 1) return undefined;
    for (const [oldId, oldest] of this.#incomplete) {
      if (this.#pendingBytes + total <= maxBytes && this.#incomplete.size < maxDatagrams) break;
      this.#forget(oldId, oldest);
      this.drops.count(DROP.reassemblyLimit);
    }
    const frame: Incomplete = {
      total,
      pieces: new Array<Uint8Array | undefined>(count).fill(undefined),
      missing: count,
      expiryMs: nowMs + timeoutMs,
    };
    this.#incomplete.set(id, frame);
    this.#pendingBytes += total;
    return frame;
  }

  #forget(id: number, frame: Incomplete): void {
    this.#incomplete.delete(id);
    this.#pendingBytes -= frame.total;
  }
}

function joined({ total, pieces }: Incomplete): Uint8Array {
  const whole = new Uint8Array(total);
  for (const [index, piece] of pieces.entries())
    if (piece !== undefined) whole.set(piece, fragmentStart(total, pieces.length, index));
  return whole;
}
