import {
  AEAD_TAG_BYTES,
  CLOSE,
  DROP,
  dropCode,
  encodeGoAway,
  initiationSenderIndex,
  PACKET,
  packetType,
  REQUEST,
  SessionParameters,
  TRANSPORT_HEADER_BYTES,
  transportReceiverIndex,
} from '@relay/packet';
import { defaultPrimitives } from '../crypto/default-primitives.js';
import type { Primitives, PrivateKey } from '../crypto/primitives.js';
import { Deadlines } from '../deadlines.js';
import type { DisconnectReason, EventSink } from '../events.js';
import { identityOf, type Identity } from '../handshake/identity.js';
import { readInitiation, type ReadInitiation } from '../handshake/initiation.js';
import { writeResponse } from '../handshake/response.js';
import { nameOf, systemRandom, type KeyPair, type RandomSource } from '../keys/key-pair.js';
import { parametersToTell, type ChannelParameters } from '../parameters.js';
import { RELAY_PROTOCOL, type ChannelProtocol } from '../protocol.js';
import type { Session } from '../session.js';
import type { Channel, SessionKeys } from '../session/channel.js';
import { LiveSession } from '../session/live-session.js';
import { sendParameters } from '../session/own-frames.js';
import { containFault } from '../session/fault.js';
import type { FrameSink, PacketSink } from '../sinks.js';
import { IndexTable, shardByteOf } from '../transport/index-table.js';
import { openPacket } from '../transport/open-packet.js';
import { ReplayRings } from '../transport/replay-window.js';
import { TransportKeys } from '../transport/transport-keys.js';
import { CLIENT_HANDSHAKE_EVERY_MS, UNCONFIRMED_MS } from '../tuning.js';
import { Admission } from './admission.js';
import { ClientSessions, isRekey, isSameInstance } from './client-sessions.js';
import type { ClientDirectory, ClientEntry } from './directory.js';
import { DoorLimits } from './door-limits.js';
import { Resets } from './resets.js';

/**
 * What a {@link ServerChannel} is made of. Its constructor throws a RangeError for keys and
 * parameters that cannot be.
 */
export interface ServerChannelOptions {
  readonly staticKey: KeyPair;
  readonly clients: ClientDirectory;
  /**
   * 32 bytes that survive restarts: with them the server can tell clients of a past life that it
   * knows their sessions no more.
   */
  readonly resetSecret: Uint8Array;
  /**
   * 32 bytes mixed into the keys beside everything else; zeros if absent, as invitations have none.
   */
  readonly presharedKey?: Uint8Array;
  /** What to tell clients of ourselves. */
  readonly parameters?: ChannelParameters;
  readonly limits?: Partial<ServerLimits>;
  /** Default {@link RELAY_PROTOCOL}. */
  readonly protocol?: ChannelProtocol;
  /** Default: the fastest that loads here. */
  readonly primitives?: Primitives;
  readonly random?: RandomSource;
  readonly onPacket: PacketSink;
  readonly onFrame: FrameSink;
  readonly onEvent: EventSink;
}

/** Limits of a whole server, or shard. */
export interface ServerLimits {
  /** Sessions at most, those that are being set up included. Default 100,000. */
  readonly maxSessions: number;
  /** Handshakes per second above which each must bring a cookie. Default 250. */
  readonly handshakesPerSecond: number;
  /** Resets per second at most. Default 1,000. */
  readonly resetsPerSecond: number;
}

/**
 * How busy the server is: `loaded` asks every handshake for a cookie; `shedding` does too, and lets
 * no new session in; `draining` lets none in either, and tells the clients that their sessions will
 * end.
 */
export type Load = 'normal' | 'loaded' | 'shedding' | 'draining';

const DEFAULT_LIMITS: ServerLimits = { maxSessions: 100_000, handshakesPerSecond: 250, resetsPerSecond: 1000 };
/** Current, previous and next. */
const KEYS_PER_SESSION = 3;

/** The server's end: the sessions of many clients, found by index. */
export class ServerChannel {
  readonly #channel: Channel;
  readonly #primitives: Primitives;
  readonly #identity: Identity;
  readonly #clients: ClientDirectory;
  readonly #limits: ServerLimits;
  readonly #admission: Admission;
  readonly #resets: Resets;
  readonly #keys: IndexTable<SessionKeys>;
  readonly #rings = new ReplayRings();
  readonly #sessions = new ClientSessions();
  #load: Load = 'normal';

  constructor(options: ServerChannelOptions) {
    const { onPacket, parameters = {} } = options;
    const { protocol = RELAY_PROTOCOL, primitives = defaultPrimitives, random = systemRandom } = options;
    const told = parametersToTell(parameters);
    const { maxPacketBytes } = told;
    this.#primitives = primitives;
    this.#clients = options.clients;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#identity = identityOf(protocol, primitives, options.staticKey.privateKey, options.presharedKey);
    this.#admission = new Admission(this.#identity, this.#limits.handshakesPerSecond, random, onPacket);
    this.#resets = new Resets(options.resetSecret, this.#limits.resetsPerSecond, random, onPacket);
    this.#keys = new IndexTable(this.#limits.maxSessions * KEYS_PER_SESSION, random);
    this.#channel = {
      role: 'server',
      protocol,
      maxPacketBytes,
      keepaliveMs: Infinity,
      random,
      deadlines: new Deadlines(),
      scratch: new Uint8Array(maxPacketBytes),
      onPacket,
      onFrame: options.onFrame,
      onEvent: options.onEvent,
      parametersFor: ({ localIndex }) => {
        const resetToken = this.#resets.tokenOf(localIndex);
        return Object.assign(new SessionParameters(), told, { resetToken });
      },
      parametersArrived: (keys, _parameters, nowMs) => sendParameters(keys.owner, nowMs),
      retire: (keys) => this.#retire(keys),
      ended: (session) => this.#sessions.remove(session),
    };
  }

  /**
   * When to call {@link wake}, ms on the clock of `nowMs`; Infinity: never. Ask again after every
   * other call.
   */
  get nextWakeMs(): number {
    return this.#channel.deadlines.nextMs;
  }

  /** The sessions that carry frames. Must be read to its end before the channel is called again. */
  sessions(): Iterable<Session> {
    return this.#sessions.allEstablished();
  }

  /** How many sessions there are, those that are being set up included. */
  get sessionCount(): number {
    return this.#sessions.size;
  }

  /**
   * See {@link Load}. With `draining`, clients are told that their sessions end in `graceMs`;
   * `close` ends them.
   */
  setLoad(load: Load, nowMs: number, graceMs = 0): void {
    const isNew = load !== this.#load;
    this.#load = load;
    this.#admission.isLoaded = load === 'loaded' || load === 'shedding';
    if (load !== 'draining' || !isNew) return;
    // A session that has no room for it is no worse off than with a message that was lost.
    for (const session of [...this.sessions()]) session.request(REQUEST.goAway, encodeGoAway(graceMs), nowMs);
  }

  /** Does what is due. Never throws. */
  wake(nowMs: number): void {
    this.#channel.deadlines.wakeDue(nowMs, (session) => {
      try {
        if (session.current === undefined) session.end('expired', undefined, nowMs);
        else session.wake(nowMs);
      } catch (error) {
        containFault(this.#channel, session, error, nowMs);
      }
    });
  }

  /** Ends a session, telling the client why as far as there is a word for it. */
  closeSession(session: Session, reason: DisconnectReason, nowMs: number): void {
    const live = this.#sessions.established(nameOf(session.peerPublicKey));
    if (live === session) live.end(reason, CLOSE_REASONS.get(reason) ?? CLOSE.closed, nowMs);
  }

  /**
   * Ends the session of this client at once. The directory must not know it any more, or it comes
   * back.
   */
  revoke(publicKey: Uint8Array, nowMs: number): void {
    const name = nameOf(publicKey);
    this.#sessions.pending(name)?.end('revoked', undefined, nowMs);
    this.#sessions.established(name)?.end('revoked', CLOSE.revoked, nowMs);
  }

  /**
   * Ends all sessions, and lets no new one in. Clients are told that the server is shutting down,
   * and will try again soon.
   */
  close(nowMs: number): void {
    this.#load = 'draining';
    for (const session of this.#sessions.all()) session.end('shutdown', CLOSE.shutdown, nowMs);
  }

  /**
   * Takes the received packet of `length` bytes at `offset`, which came on the packed path at
   * `source[sourceOffset]`, and opens it in place. Frames go to `onFrame` meanwhile. Returns 0, or
   * a drop code (< 0). Never throws: what is thrown meanwhile, by a sink too, ends the session of
   * the packet, is told as the event `fault`, and is `internal-error` here.
   */
  receive(
    bytes: Uint8Array,
    offset: number,
    length: number,
    source: Uint8Array,
    sourceOffset: number,
    nowMs: number,
  ): number {
    const type = packetType(bytes, offset, length);
    try {
      switch (type) {
        case PACKET.transport:
          return this.#receiveTransport(bytes, offset, length, source, sourceOffset, nowMs);
        case PACKET.initiation:
          return this.#receiveInitiation(bytes, offset, source, sourceOffset, nowMs);
        default:
          return type < 0 ? type : DROP.unknownType;
      }
    } catch (error) {
      const keys = type === PACKET.transport ? this.#keys.at(transportReceiverIndex(bytes, offset)) : undefined;
      return containFault(this.#channel, keys?.owner, error, nowMs);
    }
  }

  #receiveTransport(
    bytes: Uint8Array,
    offset: number,
    length: number,
    source: Uint8Array,
    sourceOffset: number,
    nowMs: number,
  ): number {
    const index = transportReceiverIndex(bytes, offset);
    const keys = this.#keys.at(index);
    if (keys === undefined) {
      if (this.#channel.protocol.framed) this.#resets.send(index, source, sourceOffset, nowMs);
      return DROP.unknownIndex;
    }
    const session = keys.owner;
    if (session.door?.isClosed(nowMs) === true) return DROP.rateLimited;
    const opened = openPacket(keys, bytes, offset, length, nowMs);
    if (opened < 0) return opened;
    if (session.door?.admit(length, nowMs) === false) return DROP.rateLimited;
    if (keys === session.next) this.#confirmed(session, keys, source, sourceOffset, nowMs);
    if (!session.isOpen) return DROP.noSession;
    const end = offset + length - AEAD_TAG_BYTES;
    session.received(keys, opened, length, bytes, offset + TRANSPORT_HEADER_BYTES, end, source, sourceOffset, nowMs);
    return 0;
  }

  /** The client has used the keys of its last handshake: that makes the session, or renews it. */
  #confirmed(session: LiveSession, keys: SessionKeys, source: Uint8Array, sourceOffset: number, nowMs: number): void {
    const isRenewal = session.current !== undefined;
    if (session.timestamp !== undefined) this.#clients.recordTimestamp(session.peerPublicKey, session.timestamp);
    session.timestamp = undefined;
    session.adopt(keys, nowMs);
    if (isRenewal) {
      session.emit({ kind: 'rekeyed', session }, nowMs);
      return;
    }
    const former = this.#sessions.establish(session);
    session.connectedMs = nowMs;
    // The response went to the address of the initiation: only who answers from there is known to
    // receive there.
    if (!session.path.isAt(source, sourceOffset)) session.beginAt(source, sourceOffset, nowMs);
    former?.end('replaced', CLOSE.replaced, nowMs);
    if (session.isOpen) session.emit({ kind: 'connected', session }, nowMs);
  }

  #receiveInitiation(
    bytes: Uint8Array,
    offset: number,
    source: Uint8Array,
    sourceOffset: number,
    nowMs: number,
  ): number {
    const admitted = this.#admission.admit(bytes, offset, source, sourceOffset, nowMs);
    if (admitted < 0) return admitted;
    let client: ClientEntry | undefined;
    const initiation = readInitiation(this.#identity, bytes, offset, (publicKey) => {
      client = this.#clients.lookup(publicKey);
      return client !== undefined;
    });
    if (typeof initiation === 'string' || client === undefined) {
      return dropCode(typeof initiation === 'string' ? initiation : 'unknown-client');
    }
    const name = nameOf(initiation.noise.initiator);
    const senderIndex = initiationSenderIndex(bytes, offset);
    const refusal = this.#refusal(client, name, initiation.timestamp, senderIndex, nowMs);
    if (refusal < 0) return refusal;
    return this.#respond(client, name, initiation, senderIndex, source, sourceOffset, nowMs);
  }

  /** 0, or the drop code with which to refuse an authentic initiation. */
  #refusal(client: ClientEntry, name: string, timestamp: bigint, senderIndex: number, nowMs: number): number {
    if (timestamp <= client.newestTimestamp || timestamp <= this.#sessions.newestTimestamp(name))
      return DROP.staleTimestamp;
    if (nowMs - this.#sessions.lastHandshakeMs(name) < CLIENT_HANDSHAKE_EVERY_MS) return DROP.rateLimited;
    if (this.#continued(name, senderIndex) !== undefined) return 0;
    if (this.#channel.protocol.framed && isRekey(senderIndex)) return DROP.noSession;
    if (this.#load === 'draining') return DROP.draining;
    if (this.#load === 'shedding') return DROP.overloaded;
    if (this.#sessions.pending(name) !== undefined) return 0;
    return this.#sessions.size < this.#limits.maxSessions ? 0 : DROP.sessionLimit;
  }

  /**
   * The session whose keys an initiation with this sender index renews. Without frames indices tell
   * nothing: any that there is.
   */
  #continued(name: string, senderIndex: number): LiveSession | undefined {
    const session = this.#sessions.established(name);
    if (session === undefined || !this.#channel.protocol.framed) return session;
    return isRekey(senderIndex) && isSameInstance(session, senderIndex) ? session : undefined;
  }

  #respond(
    client: ClientEntry,
    name: string,
    { noise, timestamp }: ReadInitiation,
    senderIndex: number,
    source: Uint8Array,
    sourceOffset: number,
    nowMs: number,
  ): number {
    const localIndex = this.#keys.take(shardByteOf(senderIndex));
    if (localIndex === undefined) return DROP.sessionLimit;
    const ephemeral = this.#newEphemeral();
    const response = writeResponse(this.#identity, noise, ephemeral, localIndex, senderIndex);
    ephemeral.wipe();
    if (response === undefined) {
      this.#keys.remove(localIndex);
      return DROP.authenticationFailed;
    }
    const session = this.#continued(name, senderIndex) ?? this.#pendingSession(name, source, sourceOffset, nowMs);
    session.client = client;
    session.door = DoorLimits.of(client.limits);
    session.timestamp = timestamp;
    const keys = new TransportKeys(
      this.#primitives,
      session,
      'responder',
      response.keys,
      localIndex,
      senderIndex,
      this.#rings,
      nowMs,
    );
    this.#keys.set(localIndex, keys);
    session.offer(keys);
    this.#channel.onPacket(response.bytes, 0, response.bytes.length, source, sourceOffset);
    return 0;
  }

  #pendingSession(name: string, source: Uint8Array, sourceOffset: number, nowMs: number): LiveSession {
    let session = this.#sessions.pending(name);
    if (session === undefined) {
      session = new LiveSession(this.#channel, name);
      this.#sessions.addPending(session);
      this.#channel.deadlines.wakeBy(session, nowMs + UNCONFIRMED_MS);
    }
    session.path.settle(source, sourceOffset);
    return session;
  }

  #newEphemeral(): PrivateKey {
    const key = new Uint8Array(32);
    this.#channel.random(key);
    const ephemeral = this.#primitives.privateKey(key);
    key.fill(0);
    return ephemeral;
  }

  #retire(keys: SessionKeys): void {
    this.#keys.remove(keys.localIndex);
    keys.wipe();
  }
}

const CLOSE_REASONS: ReadonlyMap<DisconnectReason, number> = new Map([
  ['shutdown', CLOSE.shutdown],
  ['revoked', CLOSE.revoked],
  ['kicked', CLOSE.kicked],
  ['idle', CLOSE.idle],
  ['limit', CLOSE.limit],
  ['expired', CLOSE.expired],
  ['internal-error', CLOSE.protocolError],
]);
