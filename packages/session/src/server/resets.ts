/**
 * Stateless reset, after RFC 9000 §10.3: what a server that has forgotten a session answers to its
 * packets, so that the client need not wait for a timeout. The token of an index is known to the
 * server, which computes it from a secret that survives restarts, and to the client, which was told
 * inside the session.
 */
import { encodeReset, RESET_BYTES } from '@relay/packet';
import { Mac } from '../crypto/blake2s.js';
import type { RandomSource } from '../keys/key-pair.js';
import type { PacketSink } from '../sinks.js';
import { SourceLimiter } from './source-limiter.js';
import { TokenBucket } from './token-bucket.js';
import { SOURCE_BURST, SOURCE_RESETS_PER_SECOND } from '../tuning.js';

/** Makes the resets of one server: each smaller than what it answers, and not too many. */
export class Resets {
  readonly #mac: Mac;
  readonly #total: TokenBucket;
  readonly #perSource: SourceLimiter;
  readonly #onPacket: PacketSink;
  readonly #packet = new Uint8Array(RESET_BYTES);

  /** `secret`: 32 bytes that survive restarts. */
  constructor(secret: Uint8Array, perSecond: number, random: RandomSource, onPacket: PacketSink) {
    this.#mac = new Mac(secret);
    this.#total = new TokenBucket(perSecond);
    this.#perSource = new SourceLimiter(SOURCE_RESETS_PER_SECOND, SOURCE_BURST, random);
    this.#onPacket = onPacket;
  }

  /** The token of a session index: 16 bytes. */
  tokenOf(index: number): Uint8Array {
    const message = Uint8Array.of(index, index >>> 8, index >>> 16, index >>> 24);
    return this.#mac.of(message);
  }

  /**
   * Tells the peer on the packed path at `source` that this index is unknown, unless it, or all,
   * were told too often.
   */
  send(index: number, source: Uint8Array, sourceOffset: number, nowMs: number): void {
    if (!this.#perSource.take(source, sourceOffset, nowMs) || !this.#total.take(nowMs)) return;
    encodeReset(this.#packet, 0, index, this.tokenOf(index), 0);
    this.#onPacket(this.#packet, 0, RESET_BYTES, source, sourceOffset);
  }
}
