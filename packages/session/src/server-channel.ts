import {
  AEAD_TAG_BYTES,
  CLOSE,
  COOKIE_REPLY_BYTES,
  COOKIE_REPLY_OFFSET,
  dropCode,
  encodeCookieReplyHeader,
  encodeGoAway,
  encodeReset,
  equalPackedEndpoints,
  INITIATION_OFFSET,
  initiationSenderIndex,
  PACKET,
  packetType,
  REQUEST,
  RESET_BYTES,
  SessionParameters,
  TRANSPORT_HEADER_BYTES,
  transportReceiverIndex,
} from '@relay/packet';
import { defaultPrimitives } from './crypto/default-primitives.js';
import type { Primitives } from './crypto/primitives.js';
import { Deadlines } from './deadlines.js';
import { DoorLimits } from './door-limits.js';
import type { ClientDirectory, ClientEntry } from './directory.js';
import type { DisconnectReason, EventSink } from './events.js';
import { CookieBaker, COOKIE_NONCE_BYTES, sealCookie } from './handshake/cookie.js';
import { identityOf, peerIdentityOf, type Identity } from './handshake/identity.js';
import { readInitiation, type ReadInitiation } from './handshake/initiation.js';
import { isMac1Right, isMac2Right } from './handshake/macs.js';
import { writeResponse } from './handshake/response.js';
import { systemRandom, type KeyPair, type RandomSource } from './keys/key-pair.js';
import { LiveSession, type Channel, type SessionKeys } from './live-session.js';
import type { ChannelParameters } from './parameters.js';
import { RELAY_PROTOCOL, type ChannelProtocol } from './protocol.js';
import { resetTokenOf } from './reset-token.js';
import type { Session } from './session.js';
import type { FrameSink, PacketSink } from './sinks.js';
import { SourceLimiter } from './source-limiter.js';
import { TokenBucket } from './token-bucket.js';
import { IndexTable, type Shard } from './transport/index-table.js';
import { openPacket } from './transport/open-packet.js';
import { TransportKeys } from './transport/transport-keys.js';
import {
  CLIENT_HANDSHAKE_EVERY_MS,
  MAX_PACKET_BYTES,
  SOURCE_BURST,
  SOURCE_HANDSHAKES_PER_SECOND,
  SOURCE_RESETS_PER_SECOND,
  UNCONFIRMED_MS,
} from './tuning.js';

/** What a {@link ServerChannel} is made of. */
export interface ServerChannelOptions {
  readonly staticKey: KeyPair;
  readonly clients: ClientDirectory;
  /** 32 bytes that survive restarts: with them the server can tell clients of a past life that it knows their sessions no more. */
  readonly resetSecret: Uint8Array;
  /** 32 bytes mixed into the keys beside everything else; zeros if absent, as invitations have none. */
  readonly presharedKey?: Uint8Array;
  /** What to tell clients of ourselves. */
  readonly parameters?: ChannelParameters;
  readonly limits?: Partial<ServerLimits>;
  /** Which shard this is: its session indices end in these bits, so that packets can be steered to it. */
  readonly shard?: Shard;
  readonly protocol?: ChannelProtocol;
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
 * How busy the server is: `loaded` asks every handshake for a cookie, `shedding` lets no new session in, `draining` neither, and says so to
 * clients that have one.
 */
export type Load = 'normal' | 'loaded' | 'shedding' | 'draining';

const DEFAULT_LIMITS: ServerLimits = { maxSessions: 100_000, handshakesPerSecond: 250, resetsPerSecond: 1000 };

const UNKNOWN_TYPE = dropCode('unknown-type');
const UNKNOWN_INDEX = dropCode('unknown-index');
const BAD_MAC1 = dropCode('bad-mac1');
const COOKIE_REQUIRED = dropCode('cookie-required');
const BAD_MAC2 = dropCode('bad-mac2');
const STALE_TIMESTAMP = dropCode('stale-timestamp');
const RATE_LIMITED = dropCode('rate-limited');
const SESSION_LIMIT = dropCode('session-limit');
const OVERLOADED = dropCode('overloaded');
const DRAINING = dropCode('draining');
const NO_SESSION = dropCode('no-session');
const AUTHENTICATION_FAILED = dropCode('authentication-failed');

/** What is kept of a client while it has a session. */
interface KnownClient {
  readonly publicKey: Uint8Array;
  established: LiveSession | undefined;
  /** A session whose first handshake was answered but not confirmed. */
  pending: LiveSession | undefined;
  newestTimestamp: bigint;
  lastHandshakeMs: number;
}

/** The server's end: many sessions, found by index. */
export class ServerChannel implements Channel {
  readonly role = 'server';
  readonly protocol: ChannelProtocol;
  readonly maxPacketBytes: number;
  readonly random: RandomSource;
  readonly deadlines = new Deadlines<LiveSession>();
  readonly scratch: Uint8Array;
  readonly onPacket: PacketSink;
  readonly onFrame: FrameSink;
  readonly onEvent: EventSink;

  readonly #primitives: Primitives;
  readonly #identity: Identity;
  readonly #clients: ClientDirectory;
  readonly #resetSecret: Uint8Array;
  readonly #parameters: ChannelParameters;
  readonly #limits: ServerLimits;
  readonly #keys: IndexTable<SessionKeys>;
  readonly #known = new Map<string, KnownClient>();
  readonly #cookies: CookieBaker;
  readonly #handshakes: TokenBucket;
  readonly #resets: TokenBucket;
  readonly #handshakeSources: SourceLimiter;
  readonly #resetSources: SourceLimiter;
  readonly #answer = new Uint8Array(COOKIE_REPLY_BYTES);
  #load: Load = 'normal';
  #sessionCount = 0;

  constructor(options: ServerChannelOptions) {
    this.protocol = options.protocol ?? RELAY_PROTOCOL;
    this.#primitives = options.primitives ?? defaultPrimitives;
    this.random = options.random ?? systemRandom;
    this.#parameters = options.parameters ?? {};
    this.maxPacketBytes = this.#parameters.maxPacketBytes ?? MAX_PACKET_BYTES;
    this.scratch = new Uint8Array(this.maxPacketBytes);
    this.#identity = identityOf(this.protocol, this.#primitives, options.staticKey.privateKey, options.presharedKey);
    this.#clients = options.clients;
    this.#resetSecret = Uint8Array.from(options.resetSecret);
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#keys = new IndexTable(this.#limits.maxSessions * KEYS_PER_SESSION, this.random, options.shard);
    this.#cookies = new CookieBaker(this.random);
    this.#handshakes = new TokenBucket(this.#limits.handshakesPerSecond);
    this.#resets = new TokenBucket(this.#limits.resetsPerSecond);
    this.#handshakeSources = new SourceLimiter(SOURCE_HANDSHAKES_PER_SECOND, SOURCE_BURST, this.random);
    this.#resetSources = new SourceLimiter(SOURCE_RESETS_PER_SECOND, SOURCE_BURST, this.random);
    this.onPacket = options.onPacket;
    this.onFrame = options.onFrame;
    this.onEvent = options.onEvent;
  }

  /** When to call {@link wake}, ms on the clock of `nowMs`; Infinity: never. Ask again after every other call. */
  get nextWakeMs(): number {
    return this.deadlines.nextMs;
  }

  /** Sessions that carry frames. */
  *sessions(): Generator<Session> {
    for (const { established } of this.#known.values()) {
      if (established !== undefined) yield established;
    }
  }

  /** How many sessions there are, those that are being set up included. */
  get sessionCount(): number {
    return this.#sessionCount;
  }

  /** See {@link Load}. With `draining`, clients are told that their sessions end in `graceMs`. */
  setLoad(load: Load, nowMs: number, graceMs = 0): void {
    const isNew = load !== this.#load;
    this.#load = load;
    if (load !== 'draining' || !isNew) return;
    for (const session of this.sessions()) session.request(REQUEST.goAway, encodeGoAway(graceMs), nowMs);
  }

  /** Does what is due. */
  wake(nowMs: number): void {
    for (let due = this.deadlines.takeDue(nowMs); due !== undefined; due = this.deadlines.takeDue(nowMs)) {
      if (due.current === undefined) due.end('expired', undefined, nowMs);
      else due.wake(nowMs);
    }
  }

  /**
   * Takes the received packet of `length` bytes at `offset`, from the packed endpoint at `source[sourceOffset]`, and opens it in place.
   * Frames go to `onFrame` meanwhile. Returns 0, or a drop code (< 0).
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
    switch (type) {
      case PACKET.transport:
        return this.#receiveTransport(bytes, offset, length, source, sourceOffset, nowMs);
      case PACKET.initiation:
        return this.#receiveInitiation(bytes, offset, source, sourceOffset, nowMs);
      default:
        return type < 0 ? type : UNKNOWN_TYPE;
    }
  }

  /** Ends a session, telling the client why as far as there is a word for it. */
  closeSession(session: Session, reason: DisconnectReason, nowMs: number): void {
    const live = this.#known.get(nameOf(session.peerPublicKey))?.established;
    if (live === session) live.end(reason, CLOSE_REASONS.get(reason) ?? CLOSE.closed, nowMs);
  }

  /** Ends the session of this client at once. The directory must not know it any more, or it comes back. */
  revoke(publicKey: Uint8Array, nowMs: number): void {
    const known = this.#known.get(nameOf(publicKey));
    known?.pending?.end('revoked', undefined, nowMs);
    known?.established?.end('revoked', CLOSE.revoked, nowMs);
  }

  /** Ends all sessions; clients are told that the server is shutting down, and will come back later. */
  close(nowMs: number): void {
    this.#load = 'draining';
    for (const { established, pending } of [...this.#known.values()]) {
      pending?.end('shutdown', undefined, nowMs);
      established?.end('shutdown', CLOSE.shutdown, nowMs);
    }
  }

  // What a session asks of its channel.

  parametersFor(keys: SessionKeys): Readonly<SessionParameters> {
    const resetToken = resetTokenOf(this.#resetSecret, keys.localIndex);
    return Object.assign(new SessionParameters(), this.#parameters, {
      maxPacketBytes: this.maxPacketBytes,
      resetToken,
    });
  }

  parametersArrived(keys: SessionKeys, _parameters: Readonly<SessionParameters>, nowMs: number): void {
    keys.owner.sendParameters(nowMs);
  }

  retire(keys: SessionKeys): void {
    this.#keys.remove(keys.localIndex);
    keys.wipe();
  }

  ended(session: LiveSession): void {
    this.#sessionCount--;
    const name = nameOf(session.peerPublicKey);
    const known = this.#known.get(name);
    if (known === undefined) return;
    if (known.pending === session) known.pending = undefined;
    if (known.established === session) known.established = undefined;
    if (known.pending === undefined && known.established === undefined) this.#known.delete(name);
  }

  // Handshakes: first what costs least and needs no knowledge of the sender.

  #receiveInitiation(
    bytes: Uint8Array,
    offset: number,
    source: Uint8Array,
    sourceOffset: number,
    nowMs: number,
  ): number {
    if (!isMac1Right(bytes, offset, INITIATION_OFFSET.mac1, this.#identity.mac1Key)) return BAD_MAC1;
    const admitted = this.#admit(bytes, offset, source, sourceOffset, nowMs);
    if (admitted < 0) return admitted;
    let entry: ClientEntry | undefined;
    const initiation = readInitiation(this.#identity, bytes, offset, (publicKey) => {
      entry = this.#clients.lookup(publicKey);
      return entry !== undefined;
    });
    if (typeof initiation === 'string') return dropCode(initiation);
    if (entry === undefined) return NO_SESSION;
    const senderIndex = initiationSenderIndex(bytes, offset);
    return this.#answerClient(entry, initiation, senderIndex, source, sourceOffset, nowMs);
  }

  /** Under load only those pass who have shown that they are where they say; and of those not too many from one place. */
  #admit(bytes: Uint8Array, offset: number, source: Uint8Array, sourceOffset: number, nowMs: number): number {
    if (this.#handshakes.take(nowMs) && this.#load !== 'loaded') return 0;
    const cookie = this.#cookies.cookieOf(source, sourceOffset, nowMs);
    if (isMac2Right(bytes, offset, INITIATION_OFFSET.mac1, cookie)) {
      return this.#handshakeSources.take(source, sourceOffset, nowMs) ? 0 : RATE_LIMITED;
    }
    const mac2 = bytes.subarray(offset + INITIATION_OFFSET.mac2, offset + INITIATION_OFFSET.mac2 + 16);
    this.#sendCookie(bytes, offset, cookie, source, sourceOffset);
    return mac2.every((byte) => byte === 0) ? COOKIE_REQUIRED : BAD_MAC2;
  }

  #sendCookie(bytes: Uint8Array, offset: number, cookie: Uint8Array, source: Uint8Array, sourceOffset: number): void {
    const reply = this.#answer;
    const mac1 = bytes.subarray(offset + INITIATION_OFFSET.mac1, offset + INITIATION_OFFSET.mac2);
    const nonce = reply.subarray(COOKIE_REPLY_OFFSET.nonce, COOKIE_REPLY_OFFSET.nonce + COOKIE_NONCE_BYTES);
    encodeCookieReplyHeader(reply, 0, initiationSenderIndex(bytes, offset));
    this.random(nonce);
    reply.set(sealCookie(this.#identity.cookieKey, nonce, cookie, mac1), COOKIE_REPLY_OFFSET.encryptedCookie);
    this.onPacket(reply, 0, COOKIE_REPLY_BYTES, source, sourceOffset);
  }

  /** The initiation is authentic: from here on state may be kept, one session per client that is being set up. */
  #answerClient(
    entry: ClientEntry,
    initiation: ReadInitiation,
    senderIndex: number,
    source: Uint8Array,
    sourceOffset: number,
    nowMs: number,
  ): number {
    const publicKey = initiation.noise.initiator;
    const name = nameOf(publicKey);
    const known = this.#known.get(name);
    const newest =
      known !== undefined && known.newestTimestamp > entry.newestTimestamp
        ? known.newestTimestamp
        : entry.newestTimestamp;
    if (initiation.timestamp <= newest) return STALE_TIMESTAMP;
    if (known !== undefined && nowMs - known.lastHandshakeMs < CLIENT_HANDSHAKE_EVERY_MS) return RATE_LIMITED;
    const refusal = this.#refusal(known, senderIndex);
    if (refusal < 0) return refusal;
    const localIndex = this.#keys.take();
    if (localIndex === undefined) return SESSION_LIMIT;
    const ephemeral = this.#newEphemeral();
    const peer = peerIdentityOf(this.protocol, publicKey);
    const response = writeResponse(initiation.noise, peer, ephemeral, localIndex, senderIndex);
    ephemeral.wipe();
    if (response === undefined) {
      this.#keys.remove(localIndex);
      return AUTHENTICATION_FAILED;
    }
    const client = known ?? this.#newClient(name, publicKey);
    client.newestTimestamp = initiation.timestamp;
    client.lastHandshakeMs = nowMs;
    const session = this.#sessionFor(client, senderIndex, source, sourceOffset, nowMs);
    session.client = entry;
    session.door = DoorLimits.of(entry.limits);
    const keys = new TransportKeys(
      this.#primitives,
      session,
      'responder',
      response.keys,
      localIndex,
      senderIndex,
      nowMs,
    );
    this.#keys.set(localIndex, keys);
    session.offer(keys);
    this.onPacket(response.bytes, 0, response.bytes.length, source, sourceOffset);
    return 0;
  }

  #refusal(known: KnownClient | undefined, senderIndex: number): number {
    if (isContinued(this.protocol, known?.established, senderIndex)) return 0;
    if (this.protocol.framed && (senderIndex & REKEY_BIT) !== 0) return NO_SESSION;
    if (this.#load === 'draining') return DRAINING;
    if (this.#load === 'shedding') return OVERLOADED;
    if (known?.pending !== undefined) return 0;
    return this.#sessionCount < this.#limits.maxSessions ? 0 : SESSION_LIMIT;
  }

  #newClient(name: string, publicKey: Uint8Array): KnownClient {
    const client: KnownClient = {
      publicKey: Uint8Array.from(publicKey),
      established: undefined,
      pending: undefined,
      newestTimestamp: 0n,
      lastHandshakeMs: -Infinity,
    };
    this.#known.set(name, client);
    return client;
  }

  /** The session that an authentic initiation is for: the one it continues, or the one that is being set up. */
  #sessionFor(
    client: KnownClient,
    senderIndex: number,
    source: Uint8Array,
    sourceOffset: number,
    nowMs: number,
  ): LiveSession {
    if (client.established !== undefined && isContinued(this.protocol, client.established, senderIndex))
      return client.established;
    if (client.pending === undefined) {
      client.pending = new LiveSession(this, client.publicKey, 0);
      this.#sessionCount++;
      this.deadlines.wakeBy(client.pending, nowMs + UNCONFIRMED_MS);
    }
    client.pending.settleAt(source, sourceOffset);
    return client.pending;
  }

  #newEphemeral(): ReturnType<Primitives['privateKey']> {
    const key = new Uint8Array(32);
    this.random(key);
    const ephemeral = this.#primitives.privateKey(key);
    key.fill(0);
    return ephemeral;
  }

  // Transport.

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
    if (keys === undefined) return this.#answerUnknown(index, source, sourceOffset, nowMs);
    const session = keys.owner;
    if (session.door?.isClosed(nowMs) === true) return RATE_LIMITED;
    const opened = openPacket(keys, bytes, offset, length, nowMs);
    if (opened < 0) return opened;
    if (session.door?.admit(length, nowMs) === false) return RATE_LIMITED;
    if (keys === session.next) this.#confirmed(session, source, sourceOffset, nowMs);
    if (session.endReason !== undefined) return NO_SESSION;
    const end = offset + length - AEAD_TAG_BYTES;
    session.received(keys, opened, length, bytes, offset + TRANSPORT_HEADER_BYTES, end, source, sourceOffset, nowMs);
    return 0;
  }

  /** Says so, unless asked too often; see reset-token.ts. */
  #answerUnknown(index: number, source: Uint8Array, sourceOffset: number, nowMs: number): number {
    if (!this.protocol.framed) return UNKNOWN_INDEX;
    if (this.#resetSources.take(source, sourceOffset, nowMs) && this.#resets.take(nowMs)) {
      encodeReset(this.#answer, 0, index, resetTokenOf(this.#resetSecret, index), 0);
      this.onPacket(this.#answer, 0, RESET_BYTES, source, sourceOffset);
    }
    return UNKNOWN_INDEX;
  }

  /** The client has used the keys of its last handshake: that makes the session, or renews it. */
  #confirmed(session: LiveSession, source: Uint8Array, sourceOffset: number, nowMs: number): void {
    const client = this.#known.get(nameOf(session.peerPublicKey));
    if (client === undefined) return;
    this.#clients.recordTimestamp(client.publicKey, client.newestTimestamp);
    session.confirm(nowMs);
    if (client.pending !== session) {
      session.emit({ kind: 'rekeyed', session }, nowMs);
      return;
    }
    const former = client.established;
    client.pending = undefined;
    client.established = session;
    session.connectedMs = nowMs;
    // The response went to the address of the initiation; who answers from there has received it there.
    if (!equalPackedEndpoints(source, sourceOffset, session.endpoint, 0)) session.distrustPath(nowMs);
    former?.end('replaced', CLOSE.replaced, nowMs);
    if (session.isOpen) session.emit({ kind: 'connected', session }, nowMs);
  }
}

/** Current, previous and next. */
const KEYS_PER_SESSION = 3;
/** The lowest bit of a client's index: the handshake renews the keys of a session. */
const REKEY_BIT = 1;
/** The bits of a client's index that stay the same for all handshakes of one session. */
const INSTANCE_MASK = 0xffff_ff00;

/** Whether an initiation with this index renews the keys of `session`. */
function isContinued(protocol: ChannelProtocol, session: LiveSession | undefined, senderIndex: number): boolean {
  const keys = session?.current;
  if (keys === undefined) return false;
  if (!protocol.framed) return true;
  return (senderIndex & REKEY_BIT) !== 0 && ((keys.peerIndex ^ senderIndex) & INSTANCE_MASK) === 0;
}

function nameOf(publicKey: Uint8Array): string {
  return Buffer.from(publicKey.buffer, publicKey.byteOffset, publicKey.length).toString('latin1');
}

const CLOSE_REASONS: ReadonlyMap<DisconnectReason, number> = new Map([
  ['shutdown', CLOSE.shutdown],
  ['revoked', CLOSE.revoked],
  ['kicked', CLOSE.kicked],
  ['idle', CLOSE.idle],
  ['limit', CLOSE.limit],
  ['expired', CLOSE.expired],
]);
