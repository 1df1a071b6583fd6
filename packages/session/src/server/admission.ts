import {
  COOKIE_REPLY_BYTES,
  COOKIE_REPLY_OFFSET,
  DROP,
  encodeCookieReplyHeader,
  INITIATION_BYTES,
  INITIATION_OFFSET,
  initiationSenderIndex,
  PACKET,
} from '@relay/packet';
import { XaeadSealer } from '../crypto/xaead.js';
import { CookieBaker } from '../handshake/cookie.js';
import type { Identity } from '../handshake/identity.js';
import { cookieKey, isMac2Right, Mac1 } from '../handshake/macs.js';
import type { RandomSource } from '../keys/key-pair.js';
import type { PacketOut } from '../packet-out.js';
import { TokenBucket } from '../token-bucket.js';
import {
  AWAITED_ATTEMPTS,
  AWAITED_MS,
  COOKIES_PER_SECOND,
  SOURCE_BURST,
  SOURCE_COOKIES_BURST,
  SOURCE_COOKIES_PER_SECOND,
  SOURCE_HANDSHAKES_PER_SECOND,
} from '../tuning.js';
import { SourceLimiter } from './source-limiter.js';

/**
 * Who may make the server compute a handshake. First what costs least: who does not know the
 * server's public key gets no answer; under load, only who has shown that it is where it says; and
 * of those not too many from one place. Keeps nothing of anybody.
 */
export class Admission {
  /** Whether every handshake must bring a cookie, not only those beyond the rate. */
  isLoaded = false;
  readonly #mac1: Mac1;
  readonly #sealer: XaeadSealer;
  readonly #out: PacketOut;
  readonly #cookies: CookieBaker;
  readonly #rate: TokenBucket;
  readonly #perSource: SourceLimiter;
  readonly #cookieRate = new TokenBucket(COOKIES_PER_SECOND);
  readonly #cookiesPerSource: SourceLimiter;
  /** Handshakes of clients that were woken, until then. */
  #awaited = 0;
  #awaitedUntilMs = -Infinity;

  /** Up to `perSecond` handshakes need no cookie. */
  constructor(identity: Identity, perSecond: number, random: RandomSource, out: PacketOut) {
    const { publicKey } = identity.staticKey;
    this.#mac1 = new Mac1(identity.protocol, publicKey, PACKET.initiation);
    this.#sealer = new XaeadSealer(identity.suite.primitives, cookieKey(identity.protocol, publicKey), random);
    this.#out = out;
    this.#cookies = new CookieBaker(random);
    this.#rate = new TokenBucket(perSecond);
    this.#perSource = new SourceLimiter(SOURCE_HANDSHAKES_PER_SECOND, SOURCE_BURST, random);
    this.#cookiesPerSource = new SourceLimiter(SOURCE_COOKIES_PER_SECOND, SOURCE_COOKIES_BURST, random);
  }

  /**
   * A client was woken: its handshake, and a repetition or two, need no cookie. Else the clients
   * behind one address would keep each other from coming back.
   */
  expect(nowMs: number): void {
    if (nowMs >= this.#awaitedUntilMs) this.#awaited = 0;
    this.#awaited += AWAITED_ATTEMPTS;
    this.#awaitedUntilMs = nowMs + AWAITED_MS;
  }

  /**
   * Judges the initiation at `bytes[offset]`, which came on this packed path, and answers it with a
   * cookie if need be. Returns 0 or a drop code.
   */
  admit(bytes: Uint8Array, offset: number, path: Uint8Array, nowMs: number): number {
    if (!this.#mac1.isRight(bytes, offset, INITIATION_OFFSET.mac1)) return DROP.badMac1;
    if (this.#rate.take(nowMs) && !this.isLoaded) return 0;
    if (this.#awaited > 0 && nowMs < this.#awaitedUntilMs) {
      this.#awaited--;
      return 0;
    }
    if (!hasMac2(bytes, offset)) return this.#askForCookie(bytes, offset, path, nowMs) ?? DROP.cookieRequired;
    const cookie = this.#cookies.cookieOf(path, 0, nowMs);
    if (isMac2Right(bytes, offset, INITIATION_OFFSET.mac1, cookie)) {
      return this.#perSource.take(path, 0, nowMs) ? 0 : DROP.rateLimited;
    }
    return this.#askForCookie(bytes, offset, path, nowMs) ?? DROP.badMac2;
  }

  /**
   * Answers with a cookie, unless too many went out: a cookie is smaller than what asks for it, but
   * goes to any address that may be forged. Returns the drop code if so.
   */
  #askForCookie(bytes: Uint8Array, offset: number, path: Uint8Array, nowMs: number): number | undefined {
    if (!this.#cookiesPerSource.take(path, 0, nowMs) || !this.#cookieRate.take(nowMs)) return DROP.rateLimited;
    this.#sendCookie(bytes, offset, this.#cookies.cookieOf(path, 0, nowMs), path);
    return undefined;
  }

  #sendCookie(bytes: Uint8Array, offset: number, cookie: Uint8Array, path: Uint8Array): void {
    const out = this.#out;
    const at = out.reserve(COOKIE_REPLY_BYTES);
    const { nonce: nonceAt, encryptedCookie } = COOKIE_REPLY_OFFSET;
    const mac1 = bytes.subarray(offset + INITIATION_OFFSET.mac1, offset + INITIATION_OFFSET.mac2);
    encodeCookieReplyHeader(out.bytes, at, initiationSenderIndex(bytes, offset));
    this.#sealer.seal(out.bytes, at + nonceAt, at + encryptedCookie, cookie, mac1);
    out.add(COOKIE_REPLY_BYTES, path, 0);
  }
}

/** Whether there is a mac2 at all: a look at it costs less than what it has to be compared with. */
function hasMac2(bytes: Uint8Array, offset: number): boolean {
  for (let at = offset + INITIATION_OFFSET.mac2; at < offset + INITIATION_BYTES; at++) if (bytes[at] !== 0) return true;
  return false;
}
