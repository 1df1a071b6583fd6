/**
 * Stateless reset, after RFC 9000 §10.3: what a server that has forgotten a session answers to its
 * packets, so that the client need not wait for a timeout. The token of an index is known to the
 * server, which computes it from a secret that survives restarts, and to the client, which was told
 * inside the session.
 */
import { encodeReset, PACKED_ENDPOINT_BYTES, RESET_BYTES, type DatagramBatch } from '@relay/packet';
import type { RandomSource } from '../keys/key-pair.js';
import { copyReceivedPath, PACKED_PATH_BYTES } from '../packed-path.js';
import type { PacketOut } from '../packet-out.js';
import type { ResetTokens } from '../transport/reset-tokens.js';
import { SourceLimiter } from './source-limiter.js';
import { TokenBucket } from './token-bucket.js';
import { SOURCE_BURST, SOURCE_RESETS_PER_SECOND } from '../tuning.js';

/** Makes the resets of one server: each smaller than what it answers, and not too many. */
export class Resets {
  readonly #tokens: ResetTokens;
  readonly #total: TokenBucket;
  readonly #perSource: SourceLimiter;
  readonly #out: PacketOut;
  readonly #path = new Uint8Array(PACKED_PATH_BYTES);

  constructor(tokens: ResetTokens, perSecond: number, random: RandomSource, out: PacketOut) {
    this.#tokens = tokens;
    this.#total = new TokenBucket(perSecond);
    this.#perSource = new SourceLimiter(SOURCE_RESETS_PER_SECOND, SOURCE_BURST, random);
    this.#out = out;
  }

  /**
   * Tells the sender of datagram `i` of the batch that this index is unknown, unless it, or all,
   * were told too often.
   */
  send(index: number, batch: DatagramBatch, i: number, nowMs: number): void {
    if (!this.#perSource.take(batch.sources, i * PACKED_ENDPOINT_BYTES, nowMs) || !this.#total.take(nowMs)) return;
    const at = this.#out.reserve(RESET_BYTES);
    encodeReset(this.#out.bytes, at, index, this.#tokens.tokenOf(index), 0);
    copyReceivedPath(batch, i, this.#path);
    this.#out.add(RESET_BYTES, this.#path, 0);
  }
}
