import { DROP, dropCode, INITIATION_OFFSET, initiationSenderIndex, NOTICE, RESPONSE_BYTES } from '@relay/packet';
import type { PrivateKey } from '../crypto/primitives.js';
import type { Identity } from '../handshake/identity.js';
import { readInitiation, type ReadInitiation } from '../handshake/initiation.js';
import type { NoticeWords } from '../handshake/notice.js';
import { writeResponse } from '../handshake/response.js';
import { timestampOf } from '../handshake/timestamp.js';
import { nameOf } from '../keys/key-pair.js';
import type { ChannelShared } from '../session/channel-shared.js';
import { LiveSession } from '../session/live-session.js';
import { shardByteOf, type IndexTable } from '../transport/index-table.js';
import { TransportKeys } from '../transport/transport-keys.js';
import { AHEAD_MS } from '../protocol.js';
import { CLIENT_HANDSHAKE_EVERY_MS, UNCONFIRMED_MS } from '../tuning.js';
import type { ClientSessions } from './client-sessions.js';
import type { ClientDirectory, ClientEntry } from './directory.js';
import type { Load } from './load.js';
import type { Notices } from './notices.js';

/** An authentic initiation, and whose it is. */
interface Caller {
  readonly client: ClientEntry;
  readonly name: string;
  readonly initiation: ReadInitiation;
  readonly senderIndex: number;
  readonly mac1: Uint8Array;
  /** Packed path on which it came. */
  readonly path: Uint8Array;
}

/** What the answers to handshakes are made with, of the channel's own. */
export interface AnswerMaking {
  readonly identity: Identity;
  readonly clients: ClientDirectory;
  readonly sessions: ClientSessions;
  readonly indices: IndexTable<TransportKeys<LiveSession>>;
  readonly notices: Notices;
  /** ms since 1970. */
  readonly wallClock: () => number;
}

/** Reads initiations that were admitted, and answers those that it does not refuse. */
export class HandshakeAnswers {
  /** New sessions are refused from `shedding` on. */
  load: Load = 'normal';
  readonly #shared: ChannelShared<LiveSession>;
  readonly #identity: Identity;
  readonly #clients: ClientDirectory;
  readonly #sessions: ClientSessions;
  readonly #indices: IndexTable<TransportKeys<LiveSession>>;

  readonly #notices: Notices;
  readonly #wallClock: () => number;

  constructor(shared: ChannelShared<LiveSession>, making: AnswerMaking) {
    this.#shared = shared;
    this.#identity = making.identity;
    this.#clients = making.clients;
    this.#sessions = making.sessions;
    this.#indices = making.indices;
    this.#notices = making.notices;
    this.#wallClock = making.wallClock;
  }

  /**
   * Answers the initiation at `bytes[offset]`, which came on this packed path. Returns 0 or a drop
   * code.
   */
  answer(bytes: Uint8Array, offset: number, path: Uint8Array, nowMs: number): number {
    let client: ClientEntry | undefined;
    const initiation = readInitiation(this.#identity, bytes, offset, (publicKey) => {
      client = this.#clients.lookup(publicKey);
      return client !== undefined;
    });
    if (typeof initiation === 'string') return dropCode(initiation);
    if (client === undefined) return DROP.unknownClient;
    const name = nameOf(initiation.noise.initiator);
    const mac1 = bytes.subarray(offset + INITIATION_OFFSET.mac1, offset + INITIATION_OFFSET.mac2);
    const caller = { client, name, initiation, senderIndex: initiationSenderIndex(bytes, offset), mac1, path };
    const refusal = this.#refusal(caller, nowMs);
    return refusal < 0 ? refusal : this.#respond(caller, nowMs);
  }

  /** 0, or the drop code with which to refuse an authentic initiation. */
  #refusal(caller: Caller, nowMs: number): number {
    const { name, senderIndex } = caller;
    const stale = this.#timestampRefusal(caller, nowMs);
    if (stale < 0) return stale;
    if (nowMs - this.#sessions.lastHandshakeMs(name) < CLIENT_HANDSHAKE_EVERY_MS) return DROP.rateLimited;
    if (this.#continued(name, senderIndex) !== undefined) return 0;
    if (this.#shared.layer.isRekey(senderIndex)) {
      this.#tell(caller, { kind: NOTICE.noSession, timestamp: 0n }, nowMs);
      return DROP.noSession;
    }
    if (this.load === 'draining') return DROP.draining;
    // Who was woken is expected: that many come is what keeps the server busy.
    if (this.load === 'shedding' && !this.#sessions.isExpected(name, nowMs)) return DROP.overloaded;
    if (this.#sessions.pending(name) !== undefined) return 0;
    return this.#sessions.size < this.#sessions.most ? 0 : DROP.sessionLimit;
  }

  /**
   * 0, or the drop code for a timestamp that is not new, or is far ahead of all that are known; the
   * client learns from where to go on. The newest itself is a copy, which the network has made or
   * somebody has recorded: its client has an answer already.
   */
  #timestampRefusal(caller: Caller, nowMs: number): number {
    const { timestamp } = caller.initiation;
    const known = caller.client.newestTimestamp;
    const inSessions = this.#sessions.newestTimestamp(caller.name);
    const newest = inSessions > known ? inSessions : known;
    if (timestamp <= newest) {
      if (timestamp < newest) this.#tell(caller, { kind: NOTICE.stale, timestamp: newest }, nowMs);
      return DROP.staleTimestamp;
    }
    const wallMs = this.#wallClock();
    const latest = timestampOf(wallMs + AHEAD_MS);
    // One that follows on the newest is never too far ahead: a clock that was set back shuts nobody
    // out.
    if (timestamp <= latest || timestamp <= newest + AHEAD) return 0;
    this.#tell(caller, { kind: NOTICE.ahead, timestamp: timestampOf(wallMs) }, nowMs);
    return DROP.staleTimestamp;
  }

  #tell({ initiation, name, path, senderIndex, mac1 }: Caller, words: NoticeWords, nowMs: number): void {
    const to = { publicKey: initiation.noise.initiator, name, path };
    this.#notices.answer(to, { senderIndex, mac1 }, words, nowMs);
  }

  /** The session whose keys an initiation with this sender index renews. */
  #continued(name: string, senderIndex: number): LiveSession | undefined {
    const session = this.#sessions.established(name);
    return session !== undefined && this.#shared.layer.isRenewal(session, senderIndex) ? session : undefined;
  }

  #respond({ client, name, initiation, senderIndex, path }: Caller, nowMs: number): number {
    const { out } = this.#shared;
    const localIndex = this.#indices.take(shardByteOf(senderIndex));
    if (localIndex === undefined) return DROP.sessionLimit;
    const indices = { localIndex, peerIndex: senderIndex };
    const ephemeral = this.#newEphemeral();
    const at = out.reserve(RESPONSE_BYTES);
    const packet = out.bytes.subarray(at, at + RESPONSE_BYTES);
    const keys = writeResponse(this.#identity, initiation.noise, ephemeral, indices, packet);
    ephemeral.wipe();
    if (keys === undefined) {
      this.#indices.remove(localIndex);
      return DROP.authenticationFailed;
    }
    const session = this.#continued(name, senderIndex) ?? this.#pendingSession(name, path, nowMs);
    session.client = client;
    session.door = this.#sessions.doorOf(name, client.limits);
    session.timestamp = initiation.timestamp;
    const offered = new TransportKeys(this.#shared, session, { keys, ...indices }, nowMs);
    this.#indices.set(localIndex, offered);
    session.keys.offer(offered);
    out.add(RESPONSE_BYTES, path, 0);
    return 0;
  }

  #pendingSession(name: string, path: Uint8Array, nowMs: number): LiveSession {
    let session = this.#sessions.pending(name);
    if (session === undefined) {
      session = new LiveSession(this.#shared, name, this.#sessions.workOf(name));
      this.#sessions.addPending(session);
      this.#shared.deadlines.wakeBy(session, nowMs + UNCONFIRMED_MS);
    }
    session.path.settle(path);
    return session;
  }

  #newEphemeral(): PrivateKey {
    const key = new Uint8Array(32);
    this.#shared.random(key);
    const ephemeral = this.#shared.primitives.privateKey(key);
    key.fill(0);
    return ephemeral;
  }
}

/** {@link AHEAD_MS} as a difference of timestamps. */
const AHEAD = BigInt(AHEAD_MS / 1000) << 32n;
