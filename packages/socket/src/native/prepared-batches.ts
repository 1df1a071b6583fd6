import type { SendBatch } from '../udp-socket.js';
import type { AddonLoop } from './addon.js';

/**
 * Callers reuse their batches, and looking into five typed arrays costs more than all else of a call into the addon. So the
 * addon keeps where the arrays of a few batches lie. They are compared anew at every call: a batch that was given other arrays,
 * or an array whose buffer was transferred or resized, is no longer the one that was prepared.
 */
export class PreparedBatches {
  readonly #calls: AddonLoop;
  readonly #capacity: number;
  readonly #prepared: PreparedBatch[] = [];
  #next = 0;
  #last: SendBatch | undefined;

  constructor(calls: AddonLoop, capacity: number) {
    this.#calls = calls;
    this.#capacity = capacity;
  }

  /** The number of the prepared batch, or -1: its arrays are to be passed. */
  numberOf(batch: SendBatch): number {
    for (let i = 0; i < this.#prepared.length; i++) {
      const prepared = this.#prepared[i];
      if (prepared?.batch !== batch) continue;
      if (prepared.isAsPrepared()) return i;
      // Arrays that change back and forth are left alone.
      if (prepared.changes < 2) return -1;
      return this.#prepare(batch, i);
    }
    // Only what comes again is worth it.
    if (this.#last !== batch) {
      this.#last = batch;
      return -1;
    }
    this.#last = undefined;
    const i = this.#next;
    this.#next = (i + 1) % this.#capacity;
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
  /** How often in a row it was not as prepared. */
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
    this.changes = isSame ? 0 : this.changes + 1;
    return isSame;
  }
}
