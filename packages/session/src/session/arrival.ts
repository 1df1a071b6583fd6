import { AEAD_TAG_BYTES, PACKED_ENDPOINT_BYTES, TRANSPORT_HEADER_BYTES, type DatagramBatch } from '@relay/packet';
import { cameOnPath, copyReceivedPath, PACKED_PATH_BYTES } from '../packed-path.js';
import type { TransportKeys } from '../transport/transport-keys.js';
import type { Path } from './path.js';
import { WordsOf } from './words-of.js';

/**
 * The opened packet whose frames are being pulled, of a session `S`. A channel has one, reused: so
 * its datagram is one argument, and nothing is allocated for it.
 */
export class Arrival<S> {
  batch: DatagramBatch = EMPTY;
  /** The datagram's number in the batch. */
  i = 0;
  /** Of the session and the keys that opened it; undefined: nothing is left to pull. */
  keys: TransportKeys<S> | undefined = undefined;
  /** What is not pulled yet is `batch.bytes[at .. end]`. */
  at = 0;
  end = 0;
  /** Whether a ping, or parameters, of this packet were answered: one of each is. */
  isPingAnswered = false;
  areParametersAnswered = false;
  readonly #sources = new WordsOf();
  readonly #locals = new WordsOf();
  readonly #path = new Uint8Array(PACKED_PATH_BYTES);

  /** Datagram `i` of the batch was opened with these keys. */
  begin(batch: DatagramBatch, i: number, keys: TransportKeys<S>): void {
    const offset = batch.offsets[i] ?? 0;
    this.batch = batch;
    this.i = i;
    this.keys = keys;
    this.at = offset + TRANSPORT_HEADER_BYTES;
    this.end = offset + (batch.lengths[i] ?? 0) - AEAD_TAG_BYTES;
    this.isPingAnswered = false;
    this.areParametersAnswered = false;
  }

  /** Packed path on which the packet came; valid until it is asked for again. */
  get path(): Uint8Array {
    copyReceivedPath(this.batch, this.i, this.#path);
    return this.#path;
  }

  /** Whether the packet came on this path. Each packet asks, so it compares words, not bytes. */
  isOn(path: Path): boolean {
    const sources = this.#sources.of(this.batch.sources);
    const locals = this.#locals.of(this.batch.locals);
    if (sources === undefined || locals === undefined) return cameOnPath(this.batch, this.i, path.packed);
    const { words, at } = path;
    const from = this.i * ENDPOINT_WORDS;
    for (let word = 0; word < ENDPOINT_WORDS; word++) {
      if (sources[from + word] !== words[at + word]) return false;
      if (locals[from + word] !== words[at + ENDPOINT_WORDS + word]) return false;
    }
    return true;
  }
}

const ENDPOINT_WORDS = PACKED_ENDPOINT_BYTES / 4;

const EMPTY: DatagramBatch = {
  count: 0,
  bytes: new Uint8Array(0),
  offsets: new Uint32Array(0),
  lengths: new Uint32Array(0),
  sources: new Uint8Array(0),
  locals: new Uint8Array(0),
};
