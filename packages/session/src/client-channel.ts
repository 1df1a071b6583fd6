import {
  COOKIE_REPLY_OFFSET,
  cookieReplyReceiverIndex,
  dropCode,
  packEndpoint,
  PACKED_ENDPOINT_BYTES,
  PACKET,
  packetType,
  RESET_OFFSET,
  RESET_TOKEN_BYTES,
  resetUnknownIndex,
  RESPONSE_OFFSET,
  responseReceiverIndex,
  responseSenderIndex,
  SessionParameters,
  TRANSPORT_HEADER_BYTES,
  AEAD_TAG_BYTES,
  COOKIE_REPLY_BYTES,
  transportReceiverIndex,
  CLOSE,
  type Endpoint,
} from '@relay/packet';
import { defaultPrimitives } from './crypto/default-primitives.js';
import type { Primitives } from './crypto/primitives.js';
import { Deadlines } from './deadlines.js';
import type { DisconnectReason, EventSink } from './events.js';
import { openCookie } from './handshake/cookie.js';
import { identityOf, peerIdentityOf, type Identity, type PeerIdentity } from './handshake/identity.js';
import { mac1Of, writeInitiation, type Initiation } from './handshake/initiation.js';
import { equalSecrets, isMac1Right } from './handshake/macs.js';
import { readResponse } from './handshake/response.js';
import { timestampOf } from './handshake/timestamp.js';
import { systemRandom, type KeyPair, type RandomSource } from './keys/key-pair.js';
import { LiveSession, type Channel, type SessionKeys } from './live-session.js';
import type { ChannelParameters } from './parameters.js';
import {
  COOKIE_LIFE_MS,
  REKEY_AFTER_MS,
  REKEY_AFTER_PACKETS,
  RELAY_PROTOCOL,
  type ChannelProtocol,
} from './protocol.js';
import type { Session } from './session.js';
import type { FrameSink, PacketSink } from './sinks.js';
import { openPacket } from './transport/open-packet.js';
import { TransportKeys } from './transport/transport-keys.js';
import {
  FIRST_REPEAT_MS,
  FIRST_RETRY_MS,
  KEEPALIVE_MS,
  LAST_REPEAT_MS,
  LAST_RETRY_MS,
  MAX_PACKET_BYTES,
  REKEY_PATIENCE_MS,
  RETRY_JITTER,
} from './tuning.js';

/** What a {@link ClientChannel} is made of. */
export interface ClientChannelOptions {
  readonly staticKey: KeyPair;
  /** 32 bytes, from the invitation. */
  readonly serverPublicKey: Uint8Array;
  readonly server: Endpoint;
  /** 32 bytes mixed into the keys beside everything else; zeros if absent, as invitations have none. */
  readonly presharedKey?: Uint8Array;
  /** What to tell the server of ourselves. */
  readonly parameters?: ChannelParameters;
  /** How often an idle client refreshes its NAT's mapping, ms; 0: never. Default 25,000. */
  readonly keepaliveMs?: number;
  /** When keys are replaced, ms, at most and by default 120,000. */
  readonly rekeyAfterMs?: number;
  readonly protocol?: ChannelProtocol;
  readonly primitives?: Primitives;
  readonly random?: RandomSource;
  readonly onPacket: PacketSink;
  readonly onFrame: FrameSink;
  readonly onEvent: EventSink;
}

const UNKNOWN_TYPE = dropCode('unknown-type');
const UNKNOWN_INDEX = dropCode('unknown-index');
const BAD_MAC1 = dropCode('bad-mac1');
const BAD_TOKEN = dropCode('bad-token');
const AUTHENTICATION_FAILED = dropCode('authentication-failed');

/** A handshake that this side has begun. */
interface Attempt extends Initiation {
  /** Whether it is to replace the keys of the present session; otherwise it begins a new one. */
  readonly isRekey: boolean;
}

/**
 * The client's end: keeps one session with one server alive until it is closed. It begins every handshake. When the server has
 * forgotten the session, when the server closed it, or its keys expired, a new session begins by itself.
 */
export class ClientChannel implements Channel {
  readonly role = 'client';
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
  readonly #server: PeerIdentity;
  readonly #endpoint = new Uint8Array(PACKED_ENDPOINT_BYTES);
  readonly #parameters: ChannelParameters;
  readonly #keepaliveMs: number;
  readonly #rekeyAfterMs: number;
  readonly #keysByIndex = new Map<number, SessionKeys>();

  #state: 'idle' | 'connecting' | 'connected' | 'closed' = 'idle';
  #session: LiveSession | undefined;
  #attempt: Attempt | undefined;
  #nextAttemptMs = Infinity;
  #lastAttemptMs = -Infinity;
  #failedAttempts = 0;
  #isRekeying = false;
  /** The upper 24 bits of all our indices in one session: by them the server knows a rekey from a new session. */
  #instance = 0;
  #attemptNumber = 0;
  #cookie: Uint8Array | undefined;
  #cookieMs = -Infinity;
  #wallOffsetMs = 0;
  #lastTimestamp = 0n;
  #nextParametersMs = Infinity;
  #parametersWaitMs = FIRST_REPEAT_MS;

  constructor(options: ClientChannelOptions) {
    this.protocol = options.protocol ?? RELAY_PROTOCOL;
    this.#primitives = options.primitives ?? defaultPrimitives;
    this.random = options.random ?? systemRandom;
    this.#parameters = options.parameters ?? {};
    this.maxPacketBytes = this.#parameters.maxPacketBytes ?? MAX_PACKET_BYTES;
    this.scratch = new Uint8Array(this.maxPacketBytes);
    this.#keepaliveMs = options.keepaliveMs ?? KEEPALIVE_MS;
    this.#rekeyAfterMs = Math.min(options.rekeyAfterMs ?? REKEY_AFTER_MS, REKEY_AFTER_MS);
    this.#identity = identityOf(this.protocol, this.#primitives, options.staticKey.privateKey, options.presharedKey);
    this.#server = peerIdentityOf(this.protocol, options.serverPublicKey);
    packEndpoint(options.server, this.#endpoint, 0);
    this.onPacket = options.onPacket;
    this.onFrame = options.onFrame;
    this.onEvent = options.onEvent;
  }

  /** `connecting` while there is no session, `connected` while there is one, even if its path is lost. */
  get state(): 'idle' | 'connecting' | 'connected' | 'closed' {
    return this.#state;
  }

  /** The session while there is one. */
  get session(): Session | undefined {
    return this.#session;
  }

  /** When to call {@link wake}, ms on the clock of `nowMs`; Infinity: never. Ask again after every other call. */
  get nextWakeMs(): number {
    const rekeyMs = this.#isRekeying ? Infinity : this.#rekeyDueMs();
    return Math.min(this.deadlines.nextMs, this.#nextAttemptMs, this.#nextParametersMs, rekeyMs);
  }

  /**
   * Begins. `nowMs` is a steady clock, as in all other calls; `wallMs` is the wall clock, ms since 1970, which is not asked again: a wall
   * clock that jumps changes nothing.
   */
  connect(nowMs: number, wallMs: number): void {
    if (this.#state === 'connecting' || this.#state === 'connected') return;
    this.#wallOffsetMs = wallMs - nowMs;
    this.#state = 'connecting';
    this.#beginNewSession(nowMs, 0);
    this.wake(nowMs);
  }

  /** Where the server is now: also to be called when the network has changed, so that nothing waits for a timer. */
  setServer(server: Endpoint, nowMs: number): void {
    packEndpoint(server, this.#endpoint, 0);
    this.#session?.settleAt(this.#endpoint, 0);
    this.#session?.ping(nowMs);
    if (this.#nextAttemptMs === Infinity) return;
    this.#failedAttempts = 0;
    this.#nextAttemptMs = nowMs;
    this.wake(nowMs);
  }

  /** Ends the session, telling the server, and begins no other. */
  close(nowMs: number): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#abandonAttempt();
    this.#session?.end('closed', CLOSE.closed, nowMs);
  }

  /** Does what is due. */
  wake(nowMs: number): void {
    for (let due = this.deadlines.takeDue(nowMs); due !== undefined; due = this.deadlines.takeDue(nowMs))
      due.wake(nowMs);
    if (!this.#isRekeying && nowMs >= this.#rekeyDueMs()) this.#beginRekey(nowMs);
    if (nowMs >= this.#nextAttemptMs) this.#tryHandshake(nowMs);
    if (nowMs >= this.#nextParametersMs) this.#sendParameters(nowMs);
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
      case PACKET.response:
        return this.#receiveResponse(bytes, offset, nowMs);
      case PACKET.cookieReply:
        return this.#receiveCookie(bytes, offset, nowMs);
      case PACKET.reset:
        return this.protocol.framed ? this.#receiveReset(bytes, offset, nowMs) : UNKNOWN_TYPE;
      default:
        return type < 0 ? type : UNKNOWN_TYPE;
    }
  }

  // What the session asks of its channel.

  parametersFor(): Readonly<SessionParameters> {
    return Object.assign(new SessionParameters(), this.#parameters, { maxPacketBytes: this.maxPacketBytes });
  }

  parametersArrived(keys: SessionKeys, parameters: Readonly<SessionParameters>): void {
    keys.resetToken = parameters.resetToken;
    if (keys === this.#session?.current) this.#nextParametersMs = Infinity;
  }

  retire(keys: SessionKeys): void {
    this.#keysByIndex.delete(keys.localIndex);
    keys.wipe();
  }

  ended(session: LiveSession, nowMs: number): void {
    if (session !== this.#session) return;
    this.#session = undefined;
    this.#nextParametersMs = Infinity;
    if (this.#state !== 'connected') return;
    this.#state = 'connecting';
    this.#beginNewSession(nowMs, waitAfter(session.endReason));
  }

  // Handshakes.

  #rekeyDueMs(): number {
    const keys = this.#session?.current;
    if (keys === undefined) return Infinity;
    return keys.nextCounter >= REKEY_AFTER_PACKETS ? -Infinity : keys.createdMs + this.#rekeyAfterMs;
  }

  #beginRekey(nowMs: number): void {
    this.#isRekeying = true;
    this.#failedAttempts = 0;
    this.#nextAttemptMs = nowMs;
  }

  /** From now on handshakes are for a new session; the present one, if there is one, lives until that one stands. */
  #beginNewSession(nowMs: number, waitMs: number): void {
    this.#abandonAttempt();
    this.random(instanceBytes);
    this.#instance = new DataView(instanceBytes.buffer).getUint32(0) & 0xffff_ff00;
    this.#isRekeying = false;
    this.#failedAttempts = 0;
    this.#nextAttemptMs = nowMs + waitMs * this.#jitter();
  }

  #abandonAttempt(): void {
    this.#attempt?.noise.wipe();
    this.#attempt = undefined;
    this.#nextAttemptMs = Infinity;
  }

  #tryHandshake(nowMs: number): void {
    if (this.#isRekeying && nowMs - this.#rekeyDueMs() > REKEY_PATIENCE_MS) this.#beginNewSession(nowMs, 0);
    this.#attempt?.noise.wipe();
    const ephemeral = this.#primitives.privateKey(this.#randomKey());
    const cookie = nowMs - this.#cookieMs < COOKIE_LIFE_MS ? this.#cookie : undefined;
    const timestamp = this.#newTimestamp(nowMs);
    const initiation = writeInitiation(this.#identity, this.#server, ephemeral, this.#newIndex(), timestamp, cookie);
    this.#attempt = { ...initiation, isRekey: this.#isRekeying };
    const waitMs = Math.min(FIRST_RETRY_MS * 2 ** this.#failedAttempts, LAST_RETRY_MS);
    this.#failedAttempts++;
    this.#lastAttemptMs = nowMs;
    this.#nextAttemptMs = nowMs + waitMs * this.#jitter();
    this.onPacket(initiation.bytes, 0, initiation.bytes.length, this.#endpoint, 0);
    // If the server has forgotten the session, a packet of it brings the reset that says so.
    if (this.#isRekeying && this.protocol.framed) this.#session?.ping(nowMs);
  }

  #randomKey(): Uint8Array {
    const key = new Uint8Array(32);
    this.random(key);
    return key;
  }

  #newTimestamp(nowMs: number): bigint {
    const timestamp = timestampOf(this.#wallOffsetMs + nowMs);
    this.#lastTimestamp = timestamp > this.#lastTimestamp ? timestamp : this.#lastTimestamp + 1n;
    return this.#lastTimestamp;
  }

  /** 24 bits of the session, 7 that tell its handshakes apart, and 1 that says whether it is a rekey. */
  #newIndex(): number {
    for (;;) {
      this.#attemptNumber = (this.#attemptNumber + 1) & 0x7f;
      const index = (this.#instance | (this.#attemptNumber << 1) | (this.#isRekeying ? 1 : 0)) >>> 0;
      if (!this.#keysByIndex.has(index)) return index;
    }
  }

  #jitter(): number {
    this.random(jitterBytes);
    const fraction = new DataView(jitterBytes.buffer).getUint32(0) / 2 ** 32;
    return 1 + (fraction * 2 - 1) * RETRY_JITTER;
  }

  #receiveResponse(bytes: Uint8Array, offset: number, nowMs: number): number {
    const attempt = this.#attempt;
    if (attempt?.senderIndex !== responseReceiverIndex(bytes, offset)) return UNKNOWN_INDEX;
    if (!isMac1Right(bytes, offset, RESPONSE_OFFSET.mac1, this.#identity.mac1Key)) return BAD_MAC1;
    const splitKeys = readResponse(attempt.noise, bytes, offset);
    if (splitKeys === undefined) return AUTHENTICATION_FAILED;
    const { isRekey, senderIndex } = attempt;
    this.#abandonAttempt();
    this.#isRekeying = false;
    const session = isRekey && this.#session !== undefined ? this.#session : this.#newSession(nowMs);
    // The end of the former session may have made the program close the channel.
    if (session.endReason !== undefined) return 0;
    const peerIndex = responseSenderIndex(bytes, offset);
    const keys = new TransportKeys(this.#primitives, session, 'initiator', splitKeys, senderIndex, peerIndex, nowMs);
    this.#keysByIndex.set(senderIndex, keys);
    session.adopt(keys, nowMs);
    // The first packet under the new keys shows the server that we have them.
    this.#parametersWaitMs = FIRST_REPEAT_MS;
    if (this.protocol.framed) this.#sendParameters(nowMs);
    else session.ping(nowMs);
    session.emit({ kind: isRekey ? 'rekeyed' : 'connected', session }, nowMs);
    return 0;
  }

  #newSession(nowMs: number): LiveSession {
    const session = new LiveSession(this, this.#server.publicKey, this.#keepaliveMs);
    session.settleAt(this.#endpoint, 0);
    session.connectedMs = nowMs;
    const former = this.#session;
    this.#session = session;
    this.#state = 'connected';
    former?.end('restarted', undefined, nowMs);
    return session;
  }

  /** Repeated until the server's parameters come under the same keys. */
  #sendParameters(nowMs: number): void {
    this.#nextParametersMs = nowMs + this.#parametersWaitMs;
    this.#parametersWaitMs = Math.min(this.#parametersWaitMs * 2, LAST_REPEAT_MS);
    this.#session?.sendParameters(nowMs);
  }

  #receiveCookie(bytes: Uint8Array, offset: number, nowMs: number): number {
    const attempt = this.#attempt;
    if (attempt?.senderIndex !== cookieReplyReceiverIndex(bytes, offset)) return UNKNOWN_INDEX;
    const nonce = bytes.subarray(offset + COOKIE_REPLY_OFFSET.nonce, offset + COOKIE_REPLY_OFFSET.encryptedCookie);
    const sealed = bytes.subarray(offset + COOKIE_REPLY_OFFSET.encryptedCookie, offset + COOKIE_REPLY_BYTES);
    const cookie = openCookie(this.#server.cookieKey, nonce, sealed, mac1Of(attempt));
    if (cookie === undefined) return AUTHENTICATION_FAILED;
    const isFirst = nowMs - this.#cookieMs >= COOKIE_LIFE_MS;
    this.#cookie = cookie;
    this.#cookieMs = nowMs;
    // Later ones wait for the timer, so that cookies cannot make us send more than one packet per attempt.
    if (isFirst) this.#tryHandshake(nowMs);
    return 0;
  }

  #receiveReset(bytes: Uint8Array, offset: number, nowMs: number): number {
    const unknownIndex = resetUnknownIndex(bytes, offset);
    for (const keys of this.#keysByIndex.values()) {
      if (keys.peerIndex !== unknownIndex || keys.resetToken === undefined) continue;
      if (!equalSecrets(keys.resetToken, 0, bytes, offset + RESET_OFFSET.token, RESET_TOKEN_BYTES)) return BAD_TOKEN;
      if (keys === this.#session?.current) this.#forgottenByServer(nowMs);
      return 0;
    }
    return UNKNOWN_INDEX;
  }

  /** The session stays until the new one stands: a reset that was forged or repeated costs one handshake, nothing else. */
  #forgottenByServer(nowMs: number): void {
    const isTrying = this.#attempt !== undefined && !this.#attempt.isRekey;
    if (isTrying && nowMs < this.#lastAttemptMs + FIRST_RETRY_MS) return;
    this.#beginNewSession(nowMs, 0);
    this.#tryHandshake(nowMs);
  }

  #receiveTransport(
    bytes: Uint8Array,
    offset: number,
    length: number,
    source: Uint8Array,
    sourceOffset: number,
    nowMs: number,
  ): number {
    const keys = this.#keysByIndex.get(transportReceiverIndex(bytes, offset));
    if (keys === undefined) return UNKNOWN_INDEX;
    const opened = openPacket(keys, bytes, offset, length, nowMs);
    if (opened < 0) return opened;
    const end = offset + length - AEAD_TAG_BYTES;
    keys.owner.received(keys, opened, length, bytes, offset + TRANSPORT_HEADER_BYTES, end, source, sourceOffset, nowMs);
    return 0;
  }
}

const instanceBytes = new Uint8Array(4);
const jitterBytes = new Uint8Array(4);

/** How long to leave the server alone after it ended a session for this reason. */
function waitAfter(reason: DisconnectReason | undefined): number {
  switch (reason) {
    case 'revoked':
    case 'kicked':
    case 'limit':
    case 'replaced':
    case 'version':
    case 'protocol-error':
      return LAST_RETRY_MS;
    case 'shutdown':
      return FIRST_RETRY_MS;
    default:
      return 0;
  }
}
