import { DROP, dropCode, initiationSenderIndex, RESPONSE_BYTES } from '@relay/packet';
import type { PrivateKey } from '../crypto/primitives.js';
import type { Identity } from '../handshake/identity.js';
import { readInitiation, type ReadInitiation } from '../handshake/initiation.js';
import { writeResponse } from '../handshake/response.js';
import { nameOf } from '../keys/key-pair.js';
import type { ChannelShared } from '../session/channel-shared.js';
import { LiveSession } from '../session/live-session.js';
import { shardByteOf, type IndexTable } from '../transport/index-table.js';
import { TransportKeys } from '../transport/transport-keys.js';
import { CLIENT_HANDSHAKE_EVERY_MS, UNCONFIRMED_MS } from '../tuning.js';
import type { ClientSessions } from './client-sessions.js';
import type { ClientDirectory, ClientEntry } from './directory.js';
import type { Load } from './load.js';

/** An authentic initiation, and whose it is. */
interface Caller {
  readonly client: ClientEntry;
  readonly name: string;
  readonly initiation: ReadInitiation;
  readonly senderIndex: number;
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

  constructor(
    shared: ChannelShared<LiveSession>,
    identity: Identity,
    clients: ClientDirectory,
    sessions: ClientSessions,
    indices: IndexTable<TransportKeys<LiveSession>>,
  ) {
    this.#shared = shared;
    this.#identity = identity;
    this.#clients = clients;
    this.#sessions = sessions;
    this.#indices = indices;
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
    const caller = { client, name, initiation, senderIndex: initiationSenderIndex(bytes, offset) };
    const refusal = this.#refusal(caller, nowMs);
    return refusal < 0 ? refusal : this.#respond(caller, path, nowMs);
  }

  /** 0, or the drop code with which to refuse an authentic initiation. */
  #refusal({ client, name, initiation, senderIndex }: Caller, nowMs: number): number {
    const { timestamp } = initiation;
    if (timestamp <= client.newestTimestamp || timestamp <= this.#sessions.newestTimestamp(name))
      return DROP.staleTimestamp;
    if (nowMs - this.#sessions.lastHandshakeMs(name) < CLIENT_HANDSHAKE_EVERY_MS) return DROP.rateLimited;
    if (this.#continued(name, senderIndex) !== undefined) return 0;
    if (this.#shared.layer.isRekey(senderIndex)) return DROP.noSession;
    if (this.load === 'draining') return DROP.draining;
    if (this.load === 'shedding') return DROP.overloaded;
    if (this.#sessions.pending(name) !== undefined) return 0;
    return this.#sessions.size < this.#sessions.most ? 0 : DROP.sessionLimit;
  }

  /** The session whose keys an initiation with this sender index renews. */
  #continued(name: string, senderIndex: number): LiveSession | undefined {
    const session = this.#sessions.established(name);
    return session !== undefined && this.#shared.layer.isRenewal(session, senderIndex) ? session : undefined;
  }

  #respond({ client, name, initiation, senderIndex }: Caller, path: Uint8Array, nowMs: number): number {
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
      session = new LiveSession(this.#shared, name);
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
