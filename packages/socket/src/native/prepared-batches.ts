import type { SendBatch } from '@relay/packet';
import type { AddonLoop } from './addon.js';

/** How many batches may take turns before one of them is prepared. */
const SEEN = 4;

/**
 * Callers reuse their batches, and the inspection of five typed arrays costs more than the rest of
 * a call into the addon. Therefore the addon remembers where the arrays of a few batches lie. They
 * are compared again at every call. A batch is no longer the prepared one if it has other arrays,
 * or if the buffer of an array was transferred or resized.
 */
export class PreparedBatches {
  readonly #calls: AddonLoop;
  readonly #capacity: number;
  readonly #prepared: PreparedBatch[] = [];
  #next = 0;
  /** Batches that came lately and are not prepared. */
  readonly #seen = new Array<SendBatch | undefined>(SEEN).fill(undefined);
  #nextSeen = 0;

  constructor(calls: AddonLoop, capacity: number) {
    this.#calls = calls;
    this.#capacity = capacity;
  }

  /** Returns the number of the prepared batch, or -1 if its arrays must be passed. */
  numberOf(batch: SendBatch): number {
    for (let i = 0; i < this.#prepared.length; i++) {
      const prepared = this.#prepared[i];
      if (prepared?.batch !== batch) continue;
      if (prepared.isAsPrepared()) return i;
      // A batch whose arrays change back and forth is not prepared.
      if (prepared.changes < 2) return -1;
      return this.#prepare(batch, i);
    }
    return this.#comesAgain(batch) ? this.#prepareAtNext(batch) : -1;
  }

  /**
   * Returns true if the batch came before. Only such a batch is worth the preparation. Batches may
   * take turns.
   */
  #comesAgain(batch: SendBatch): boolean {
    const at = this.#seen.indexOf(batch);
    if (at === -1) {
      this.#seen[this.#nextSeen] = batch;
      this.#nextSeen = (this.#nextSeen + 1) % SEEN;
    }
    return at !== -1;
  }

  /**
   * Prepares the batch in the next place, unless the batch there is still in use. Otherwise no
   * batch would stay if there are more batches than places.
   */
  #prepareAtNext(batch: SendBatch): number {
    const i = this.#next;
    const former = this.#prepared[i];
    this.#next = (i + 1) % this.#capacity;
    if (former?.isUsed === true) {
      former.isUsed = false;
      return -1;
    }
    this.#seen[this.#seen.indexOf(batch)] = undefined;
    return this.#prepare(batch, i);
  }

  #prepare(batch: SendBatch, i: number): number {
    const { bytes, offsets, lengths, destinations, locals } = batch;
    this.#calls.prepare(i, bytes, offsets, lengths, destinations, locals);
    this.#prepared[i] = new PreparedBatch(batch);
    return i;
  }
}

class PreparedBatch {
  readonly batch: SendBatch;
  /** True if the batch came since another batch last wanted its place. */
  isUsed = true;
  /** How often in a row the batch differed from the prepared one. */
  changes = 0;
  readonly #bytes: Uint8Array;
  readonly #offsets: Uint32Array;
  readonly #lengths: Uint32Array;
  readonly #destinations: Uint8Array | undefined;
  readonly #locals: Uint8Array | undefined;
  readonly #byteCount: number;
  readonly #offsetCount: number;
  readonly #lengthCount: number;
  readonly #destinationsBytes: number;
  readonly #localsBytes: number;

  constructor(batch: SendBatch) {
    this.batch = batch;
    this.#bytes = batch.bytes;
    this.#offsets = batch.offsets;
    this.#lengths = batch.lengths;
    this.#destinations = batch.destinations;
    this.#locals = batch.locals;
    this.#byteCount = batch.bytes.length;
    this.#offsetCount = batch.offsets.length;
    this.#lengthCount = batch.lengths.length;
    this.#destinationsBytes = batch.destinations?.length ?? 0;
    this.#localsBytes = batch.locals?.length ?? 0;
  }

  isAsPrepared(): boolean {
    const { bytes, offsets, lengths, destinations, locals } = this.batch;
    const isSame =
      bytes === this.#bytes &&
      offsets === this.#offsets &&
      lengths === this.#lengths &&
      destinations === this.#destinations &&
      locals === this.#locals &&
      bytes.length === this.#byteCount &&
      offsets.length === this.#offsetCount &&
      lengths.length === this.#lengthCount &&
      (destinations === undefined || destinations.length === this.#destinationsBytes) &&
      (locals === undefined || locals.length === this.#localsBytes);
    this.isUsed = true;
    this.changes = isSame ? 0 : this.changes + 1;
    return isSame;
  }
}
