import { DROP, NOTICE, NOTICE_BYTES, NOTICE_OFFSET } from '@relay/packet';
import { XAEAD_NONCE_BYTES } from '../crypto/xaead.js';
import type { Identity } from '../handshake/identity.js';
import { NO_CAUSE, noticeKey, writeNotice, type NoticeCause, type NoticeWords } from '../handshake/notice.js';
import { timestampOf } from '../handshake/timestamp.js';
import type { RandomSource } from '../keys/key-pair.js';
import type { PacketOut } from '../packet-out.js';
import type { ClientSessions } from './client-sessions.js';

/** Whom a notice is for. */
export interface NoticeReceiver {
  readonly publicKey: Uint8Array;
  /** `nameOf` that key. */
  readonly name: string;
  /** Packed path on which it goes. */
  readonly path: Uint8Array;
}

/** What a server's notices are made with. */
export interface NoticeMaking {
  readonly random: RandomSource;
  readonly out: PacketOut;
  /** ms since 1970. */
  readonly wallClock: () => number;
}

/**
 * Tells known clients, and nobody else, what they need to know outside of a session; each a few
 * times a second at most. Keeps no keys: a notice costs one agreement.
 */
export class Notices {
  readonly #identity: Identity;
  readonly #making: NoticeMaking;
  readonly #sessions: ClientSessions;
  #newestWake = 0n;

  constructor(identity: Identity, making: NoticeMaking, sessions: ClientSessions) {
    this.#identity = identity;
    this.#making = making;
    this.#sessions = sessions;
  }

  /** Answers an authentic initiation of the client. Returns 0 or a drop code. */
  answer(to: NoticeReceiver, cause: NoticeCause, words: NoticeWords, nowMs: number): number {
    const { staticKey, protocol } = this.#identity;
    if (!protocol.framed) return DROP.noSession; // a protocol without notices
    if (!this.#sessions.takeNotice(to.name, nowMs)) return DROP.rateLimited;
    const secret = staticKey.agree(to.publicKey);
    if (secret === undefined) return DROP.authenticationFailed;
    const key = noticeKey(protocol, staticKey.publicKey, to.publicKey, secret);
    const { out, random } = this.#making;
    const at = out.reserve(NOTICE_BYTES);
    random(out.bytes.subarray(at + NOTICE_OFFSET.nonce, at + NOTICE_OFFSET.nonce + XAEAD_NONCE_BYTES));
    writeNotice(out.bytes.subarray(at, at + NOTICE_BYTES), key, cause, words);
    out.add(NOTICE_BYTES, to.path, 0);
    return 0;
  }

  /** Sends the client a wake, newer than all before. Returns 0 or a drop code. */
  wake(to: NoticeReceiver, nowMs: number): number {
    const now = timestampOf(this.#making.wallClock());
    this.#newestWake = now > this.#newestWake ? now : this.#newestWake + 1n;
    return this.answer(to, NO_CAUSE, { kind: NOTICE.wake, timestamp: this.#newestWake }, nowMs);
  }
}
