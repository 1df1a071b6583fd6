import {
  COOKIE_REPLY_BYTES,
  COOKIE_REPLY_OFFSET,
  cookieReplyReceiverIndex,
  DROP,
  INITIATION_BYTES,
  NOTICE,
  noticeReceiverIndex,
  PACKET,
  RESPONSE_OFFSET,
  responseReceiverIndex,
  responseSenderIndex,
} from '@relay/packet';
import { hash } from '../crypto/blake2s.js';
import { openXaead } from '../crypto/xaead.js';
import type { Identity, ServerIdentity } from '../handshake/identity.js';
import { writeInitiation } from '../handshake/initiation.js';
import { Mac1 } from '../handshake/macs.js';
import { readResponse } from '../handshake/response.js';
import type { SplitKeys } from '../handshake/symmetric-state.js';
import type { RandomSource } from '../keys/key-pair.js';
import type { PacketOut } from '../packet-out.js';
import { COOKIE_LIFE_MS, RANDOM_MASK, REKEY_BIT } from '../protocol.js';
import { TokenBucket } from '../token-bucket.js';
import {
  ATTEMPT_AFTER_MS,
  CLIENT_WAKE_EVERY_MS,
  FIRST_RETRY_MS,
  LAST_RETRY_MS,
  PROMPT_ATTEMPTS,
  PROMPT_ATTEMPTS_PER_SECOND,
  QUICK_RETRIES,
  RETRY_JITTER,
} from '../tuning.js';
import { Attempts, type Attempt } from './attempts.js';
import type { NoticeReader } from './notice-reader.js';
import { OwnTimestamps } from './own-timestamps.js';

/** What the handshakes need of what a channel's sessions share. */
interface Shared {
  readonly random: RandomSource;
  readonly out: PacketOut;
  /** The indices that are in use. */
  readonly keys: { at(index: number): unknown };
}

/** A handshake to begin a session, or one to renew its keys. */
export type Purpose = 'new-session' | 'rekey';

/** What a handshake that succeeded leaves. */
export interface HandshakeResult {
  readonly purpose: Purpose;
  readonly keys: SplitKeys;
  readonly localIndex: number;
  readonly peerIndex: number;
}

/**
 * The client's handshakes with its server, one at a time: each is tried, with a new ephemeral key
 * every time, until a response comes, with waits that grow. The response to the newest counts; one
 * to an attempt before shows that the server is there, and how long its answer takes: so the next
 * attempt waits for that of the newest.
 */
export class Handshakes {
  readonly #identity: Identity;
  /** Of responses to us. */
  readonly #mac1: Mac1;
  readonly #server: ServerIdentity;
  readonly #shared: Shared;
  /** Packed path to the server. */
  readonly #path: Uint8Array;

  #purpose: Purpose = 'new-session';
  readonly #attempts = new Attempts();
  #lastAttemptMs = -Infinity;
  #nextAttemptMs = Infinity;
  #failedAttempts = 0;
  /** Whether all waits are the longest. */
  #isSlow = false;
  /**
   * Bits 8 to 15 of our indices: the same for all sessions of this client, so that all come to one
   * shard of the server.
   */
  readonly #shardBits: number;
  /**
   * The upper 24 bits of our indices: the same for all handshakes of a session, so that the server
   * knows a rekey from a new session.
   */
  #instance = 0;
  #number = 0;
  #cookie: Uint8Array | undefined;
  #cookieMs = -Infinity;
  readonly #timestamps = new OwnTimestamps();
  readonly #notices: NoticeReader;
  /** Attempts that notices may bring forward now. */
  readonly #prompts = new TokenBucket(PROMPT_ATTEMPTS_PER_SECOND, PROMPT_ATTEMPTS);
  #wokenMs = -Infinity;

  /** `path`: the packed path to the server, which may change. */
  constructor(shared: Shared, identity: Identity, server: ServerIdentity, path: Uint8Array, notices: NoticeReader) {
    this.#notices = notices;
    this.#shared = shared;
    this.#identity = identity;
    this.#mac1 = new Mac1(identity.protocol, identity.staticKey.publicKey, PACKET.response);
    this.#server = server;
    this.#shardBits = (hash(server.publicKey, identity.staticKey.publicKey)[0] ?? 0) << 8;
    this.#path = path;
  }

  /**
   * Timestamps count from here; they grow even if this clock is behind one that was given before.
   */
  setWallClock(nowMs: number, wallMs: number): void {
    this.#timestamps.setWallClock(nowMs, wallMs);
  }

  /** What is being tried, if anything is. */
  get purpose(): Purpose | undefined {
    return this.#nextAttemptMs === Infinity ? undefined : this.#purpose;
  }

  /** How long the server takes to answer at least, as far as it has answered, in ms. */
  get patienceMs(): number {
    return this.#attempts.leastWaitMs;
  }

  get nextAttemptMs(): number {
    return this.#nextAttemptMs;
  }

  /** How many attempts at what is being tried had no answer so far. */
  get failedAttempts(): number {
    return this.#nextAttemptMs === Infinity ? 0 : this.#failedAttempts;
  }

  /**
   * Begins anew, after about `waitMs`; what was being tried is given up. Whoever waits as long as
   * the last wait, or longer, goes on with waits of that length: the server has refused.
   */
  begin(purpose: Purpose, nowMs: number, waitMs = 0): void {
    this.stop();
    if (purpose === 'new-session') this.#instance = (this.#randomInteger() & RANDOM_MASK) | this.#shardBits;
    this.#purpose = purpose;
    this.#isSlow = waitMs >= LAST_RETRY_MS;
    this.#failedAttempts = 0;
    this.#nextAttemptMs = nowMs + waitMs * this.#jitter();
  }

  /** Begins a new session, unless that was tried a moment ago. */
  beginAtOnce(nowMs: number): void {
    if (this.purpose === 'new-session' && nowMs < this.#lastAttemptMs + FIRST_RETRY_MS) return;
    this.begin('new-session', nowMs);
  }

  /**
   * If something is being tried, tries it again now, and soon again: there is reason to think that
   * it works. A server that has refused is left alone.
   */
  hurry(nowMs: number): void {
    if (this.#nextAttemptMs === Infinity || this.#isSlow) return;
    this.#failedAttempts = 0;
    this.#nextAttemptMs = nowMs;
  }

  /** Gives up what is being tried. */
  stop(): void {
    this.#attempts.forget();
    this.#nextAttemptMs = Infinity;
  }

  /** Sends an initiation if it is time. Returns whether it did. */
  wake(nowMs: number): boolean {
    if (nowMs < this.#nextAttemptMs) return false;
    const waitMs = this.#waitMs() * this.#jitter();
    this.#failedAttempts++;
    this.#lastAttemptMs = nowMs;
    this.#nextAttemptMs = nowMs + Math.max(waitMs, Math.min(this.#attempts.leastWaitMs, LAST_RETRY_MS));
    this.#attempts.add(this.#initiate(nowMs));
    return true;
  }

  #waitMs(): number {
    if (this.#isSlow) return LAST_RETRY_MS;
    const doublings = Math.max(0, this.#failedAttempts - QUICK_RETRIES);
    return Math.min(FIRST_RETRY_MS * 2 ** doublings, LAST_RETRY_MS);
  }

  #initiate(nowMs: number): Attempt {
    const { out } = this.#shared;
    const key = this.#randomBytes(32);
    const ephemeral = this.#identity.suite.primitives.privateKey(key);
    key.fill(0);
    const choices = {
      ephemeral,
      senderIndex: this.#newIndex(),
      timestamp: this.#timestamps.next(nowMs),
      cookie: nowMs - this.#cookieMs < COOKIE_LIFE_MS ? this.#cookie : undefined,
    };
    const at = out.reserve(INITIATION_BYTES);
    const packet = out.bytes.subarray(at, at + INITIATION_BYTES);
    const initiation = writeInitiation(this.#identity, this.#server, choices, packet);
    out.add(INITIATION_BYTES, this.#path, 0);
    return { ...initiation, sentMs: nowMs, isAnswered: false };
  }

  /** The response at `bytes[offset]` ends the handshake, or there is a drop code. */
  receiveResponse(bytes: Uint8Array, offset: number, nowMs: number): HandshakeResult | number {
    const localIndex = responseReceiverIndex(bytes, offset);
    const attempt = this.#attempts.find(localIndex);
    if (attempt === undefined) return DROP.unknownIndex;
    if (!this.#mac1.isRight(bytes, offset, RESPONSE_OFFSET.mac1)) return DROP.badMac1;
    const keys = readResponse(attempt.noise, bytes, offset);
    if (keys === undefined) return DROP.authenticationFailed;
    this.#attempts.answered(attempt, nowMs);
    if (attempt !== this.#attempts.newest) return this.#awaitNewest(keys);
    this.stop();
    return { purpose: this.#purpose, keys, localIndex, peerIndex: responseSenderIndex(bytes, offset) };
  }

  /**
   * The server has answered an attempt before the newest, so it answers that too, and has given up
   * these keys by then. Returns a drop code.
   */
  #awaitNewest({ initiatorToResponder, responderToInitiator }: SplitKeys): number {
    initiatorToResponder.fill(0);
    responderToInitiator.fill(0);
    const untilMs = this.#lastAttemptMs + Math.min(this.#attempts.leastWaitMs, LAST_RETRY_MS);
    this.#nextAttemptMs = Math.max(this.#nextAttemptMs, untilMs);
    return DROP.unknownIndex;
  }

  /**
   * The server is under load: the next initiation carries the cookie at `bytes[offset]`. Returns 0
   * or a drop code.
   */
  receiveCookie(bytes: Uint8Array, offset: number, nowMs: number): number {
    const attempt = this.#attempts.find(cookieReplyReceiverIndex(bytes, offset));
    if (attempt === undefined || attempt.isAnswered) return DROP.unknownIndex;
    const sealed = offset + COOKIE_REPLY_OFFSET.encryptedCookie;
    const nonce = bytes.subarray(offset + COOKIE_REPLY_OFFSET.nonce, sealed);
    const encrypted = bytes.subarray(sealed, offset + COOKIE_REPLY_BYTES);
    const cookie = openXaead(this.#server.cookieKey, nonce, encrypted, attempt.mac1);
    if (cookie === undefined) return DROP.authenticationFailed;
    this.#attempts.answered(attempt, nowMs);
    const isExpected = nowMs - this.#cookieMs < COOKIE_LIFE_MS;
    this.#cookie = cookie;
    this.#cookieMs = nowMs;
    // Only the first makes us send at once, so that cookies cannot be used to make us send without
    // end.
    if (!isExpected) this.#nextAttemptMs = nowMs;
    return 0;
  }

  /**
   * The server has told something outside of a session, by the notice at `bytes[offset]`: the next
   * attempt goes as it says, and mostly at once. Returns 0 or a drop code.
   */
  receiveNotice(bytes: Uint8Array, offset: number, nowMs: number): number {
    const attempt = this.#attempts.find(noticeReceiverIndex(bytes, offset));
    const kind = this.#notices.open(bytes, offset, attempt);
    if (kind >= 0 && attempt !== undefined) this.#attempts.remove(attempt); // it draws one answer
    const { timestamp } = this.#notices;
    switch (kind) {
      case NOTICE.wake:
        if (nowMs < this.#wokenMs + CLIENT_WAKE_EVERY_MS) return DROP.rateLimited;
        this.#wokenMs = nowMs;
        if (this.purpose !== 'new-session' || this.#isSlow) this.begin('new-session', nowMs);
        this.hurry(Math.max(nowMs, this.#lastAttemptMs + ATTEMPT_AFTER_MS));
        return 0;
      case NOTICE.stale:
        this.#timestamps.goOnFrom(timestamp);
        return this.#tryAtOnce(nowMs);
      case NOTICE.ahead:
        this.#timestamps.takeClock(timestamp, nowMs);
        return this.#tryAtOnce(nowMs);
      case NOTICE.noSession:
        if (this.purpose !== 'rekey') return DROP.badValue;
        this.begin('new-session', nowMs, FIRST_RETRY_MS);
        return this.#tryAtOnce(nowMs);
      default:
        return kind;
    }
  }

  /** Not without end: what is over that waits for its time. */
  #tryAtOnce(nowMs: number): number {
    if (!this.#prompts.take(nowMs)) return DROP.rateLimited;
    this.#nextAttemptMs = nowMs;
    return 0;
  }

  /**
   * 16 random bits of the session, 8 of the client's shard, 7 that tell its handshakes apart, and 1
   * that says whether this is a rekey.
   */
  #newIndex(): number {
    for (;;) {
      this.#number = (this.#number + 1) & 0x7f;
      const index = (this.#instance | (this.#number << 1) | (this.#purpose === 'rekey' ? REKEY_BIT : 0)) >>> 0;
      if (index !== 0 && this.#shared.keys.at(index) === undefined) return index; // 0: that of a wake
    }
  }

  #jitter(): number {
    return 1 + (this.#randomInteger() / 2 ** 31 - 1) * RETRY_JITTER;
  }

  #randomInteger(): number {
    const bytes = this.#randomBytes(4);
    return new DataView(bytes.buffer).getUint32(0);
  }

  #randomBytes(length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    this.#shared.random(bytes);
    return bytes;
  }
}
