import {
  AEAD_TAG_BYTES,
  CLOSE,
  DROP,
  packEndpoint,
  packedPort,
  PACKET,
  packetType,
  RESET_OFFSET,
  RESET_TOKEN_BYTES,
  resetUnknownIndex,
  type SessionParameters,
  TRANSPORT_HEADER_BYTES,
  transportReceiverIndex,
  type Endpoint,
} from '@relay/packet';
import { defaultPrimitives } from '../crypto/default-primitives.js';
import type { Primitives } from '../crypto/primitives.js';
import { Deadlines } from '../deadlines.js';
import type { DisconnectReason, EventSink, SessionEvent } from '../events.js';
import { identityOf, serverIdentityOf } from '../handshake/identity.js';
import { equalSecrets } from '../handshake/macs.js';
import { nameOf, systemRandom, type KeyPair, type RandomSource } from '../keys/key-pair.js';
import { PACKED_PATH_BYTES } from '../packed-path.js';
import { parametersToTell, type ChannelParameters } from '../parameters.js';
import { REKEY_AFTER_MS, REKEY_AFTER_PACKETS, RELAY_PROTOCOL, type ChannelProtocol } from '../protocol.js';
import type { Session } from '../session.js';
import type { Channel, SessionKeys } from '../session/channel.js';
import { LiveSession } from '../session/live-session.js';
import { sendParameters } from '../session/own-frames.js';
import { containFault } from '../session/fault.js';
import type { FrameSink, PacketSink } from '../sinks.js';
import { openPacket } from '../transport/open-packet.js';
import { ReplayRings } from '../transport/replay-window.js';
import { TransportKeys } from '../transport/transport-keys.js';
import {
  FIRST_REPEAT_MS,
  FIRST_RETRY_MS,
  KEEPALIVE_MS,
  LAST_REPEAT_MS,
  LAST_RETRY_MS,
  REKEY_PATIENCE_MS,
} from '../tuning.js';
import { Handshakes, type HandshakeResult } from './handshakes.js';

/**
 * What a {@link ClientChannel} is made of. Its constructor throws a RangeError for keys and
 * parameters that cannot be.
 */
export interface ClientChannelOptions {
  readonly staticKey: KeyPair;
  /** 32 bytes, from the invitation. */
  readonly serverPublicKey: Uint8Array;
  /** Where the server is; it may come later, by `setServer`, but before `connect`. */
  readonly server?: Endpoint;
  /**
   * 32 bytes mixed into the keys beside everything else; zeros if absent, as invitations have none.
   */
  readonly presharedKey?: Uint8Array;
  /** What to tell the server of ourselves. */
  readonly parameters?: ChannelParameters;
  /** How often an idle client refreshes its NAT's mapping, ms; 0: never. Default 25,000. */
  readonly keepaliveMs?: number;
  /** When keys are replaced, ms: at most, and by default, 120,000. */
  readonly rekeyAfterMs?: number;
  /** Default {@link RELAY_PROTOCOL}. */
  readonly protocol?: ChannelProtocol;
  /** Default: the fastest that loads here. */
  readonly primitives?: Primitives;
  readonly random?: RandomSource;
  readonly onPacket: PacketSink;
  readonly onFrame: FrameSink;
  readonly onEvent: EventSink;
}

/**
 * The client's end: keeps one session with one server alive until it is closed. It begins every
 * handshake. When the server has forgotten the session or closed it, or its keys expired, a new
 * session begins by itself.
 */
export class ClientChannel {
  readonly #channel: Channel;
  readonly #primitives: Primitives;
  readonly #handshakes: Handshakes;
  readonly #peerName: string;
  /** Packed path to the server; the system chooses the address that it begins at. */
  readonly #path = new Uint8Array(PACKED_PATH_BYTES);
  readonly #rekeyAfterMs: number;
  readonly #rings = new ReplayRings();
  readonly #keysByIndex = new Map<number, SessionKeys>();
  #state: 'idle' | 'connecting' | 'connected' | 'closed' = 'idle';
  #session: LiveSession | undefined;
  #nextParametersMs = Infinity;
  #parametersWaitMs = FIRST_REPEAT_MS;

  constructor(options: ClientChannelOptions) {
    const { serverPublicKey, onPacket, parameters = {}, keepaliveMs = KEEPALIVE_MS } = options;
    const { protocol = RELAY_PROTOCOL, primitives = defaultPrimitives, random = systemRandom } = options;
    const told = parametersToTell(parameters);
    const { maxPacketBytes } = told;
    this.#primitives = primitives;
    this.#peerName = nameOf(serverPublicKey);
    this.#rekeyAfterMs = Math.min(options.rekeyAfterMs ?? REKEY_AFTER_MS, REKEY_AFTER_MS);
    if (options.server !== undefined) packEndpoint(options.server, this.#path, 0);
    const identity = identityOf(protocol, primitives, options.staticKey.privateKey, options.presharedKey);
    const secret = identity.staticKey.agree(serverPublicKey);
    if (secret === undefined)
      throw new RangeError('the public key of the server is a point of low order, which no server has');
    secret.fill(0);
    this.#handshakes = new Handshakes(identity, serverIdentityOf(protocol, serverPublicKey), random, (initiation) => {
      onPacket(initiation, 0, initiation.length, this.#path, 0);
    });
    this.#channel = {
      role: 'client',
      protocol,
      maxPacketBytes,
      keepaliveMs: keepaliveMs > 0 ? keepaliveMs : Infinity,
      random,
      deadlines: new Deadlines(),
      scratch: new Uint8Array(maxPacketBytes),
      onPacket,
      onFrame: options.onFrame,
      onEvent: (event, nowMs) => {
        this.#noticed(event, nowMs);
        options.onEvent(event, nowMs);
      },
      parametersFor: () => told,
      parametersArrived: (keys, arrived, nowMs) => this.#parametersArrived(keys, arrived, nowMs),
      retire: (keys) => this.#retire(keys),
      ended: (session, nowMs) => this.#ended(session, nowMs),
    };
  }

  /**
   * `connecting` while there is no session, `connected` while there is one, even if its path is
   * lost.
   */
  get state(): 'idle' | 'connecting' | 'connected' | 'closed' {
    return this.#state;
  }

  /** The session while there is one. */
  get session(): Session | undefined {
    return this.#session;
  }

  /**
   * When to call {@link wake}, ms on the clock of `nowMs`; Infinity: never. Ask again after every
   * other call.
   */
  get nextWakeMs(): number {
    const { nextAttemptMs, purpose } = this.#handshakes;
    const rekeyMs = purpose === undefined ? this.#rekeyDueMs() : Infinity;
    return Math.min(this.#channel.deadlines.nextMs, nextAttemptMs, this.#nextParametersMs, rekeyMs);
  }

  /**
   * Begins. `nowMs` is a steady clock, as in all other calls; `wallMs` is the wall clock, ms since
   * 1970, which is not asked again: a wall clock that jumps changes nothing. Throws an Error if
   * nobody has told where the server is.
   */
  connect(nowMs: number, wallMs: number): void {
    if (this.#state === 'connecting' || this.#state === 'connected') return;
    if (packedPort(this.#path, 0) === 0) throw new Error('no server to connect to: it was not told where it is');
    this.#state = 'connecting';
    this.#handshakes.setWallClock(nowMs, wallMs);
    this.#handshakes.begin('new-session', nowMs);
    this.wake(nowMs);
  }

  /**
   * Where the server is now. To be called also when the network has changed, with the same
   * endpoint: then nothing waits for a timer.
   */
  setServer(server: Endpoint, nowMs: number): void {
    packEndpoint(server, this.#path, 0);
    this.#session?.path.settle(this.#path, 0);
    this.#session?.ping(nowMs);
    this.#handshakes.hurry(nowMs);
    this.wake(nowMs);
  }

  /** Ends the session, telling the server, and begins no other until `connect` is called again. */
  close(nowMs: number): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#handshakes.stop();
    this.#session?.end('closed', CLOSE.closed, nowMs);
  }

  /** Does what is due. Never throws. */
  wake(nowMs: number): void {
    try {
      this.#wake(nowMs);
    } catch (error) {
      containFault(this.#channel, this.#session, error, nowMs);
    }
  }

  #wake(nowMs: number): void {
    this.#channel.deadlines.wakeDue(nowMs, (session) => session.wake(nowMs));
    const overdueMs = nowMs - this.#rekeyDueMs();
    if (overdueMs >= 0 && this.#handshakes.purpose === undefined) this.#handshakes.begin('rekey', nowMs);
    if (overdueMs >= REKEY_PATIENCE_MS && this.#handshakes.purpose === 'rekey')
      this.#handshakes.begin('new-session', nowMs);
    const isTried = this.#handshakes.wake(nowMs, (index) => !this.#keysByIndex.has(index));
    // If the server has forgotten the session, a packet of it brings the reset that says so.
    if (isTried && this.#handshakes.purpose === 'rekey' && this.#channel.protocol.framed) this.#session?.ping(nowMs);
    if (nowMs >= this.#nextParametersMs) this.#sendParameters(nowMs);
  }

  /**
   * Takes the received packet of `length` bytes at `offset`, which came on the packed path at
   * `source[sourceOffset]`, and opens it in place. Frames go to `onFrame` meanwhile. Returns 0, or
   * a drop code (< 0). Never throws: what is thrown meanwhile, by a sink too, ends the session, is
   * told as the event `fault`, and is `internal-error` here.
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
        case PACKET.response:
          return this.#receiveResponse(bytes, offset, nowMs);
        case PACKET.cookieReply:
          return this.#receiveCookie(bytes, offset, nowMs);
        case PACKET.reset:
          return this.#receiveReset(bytes, offset, nowMs);
        default:
          return type < 0 ? type : DROP.unknownType;
      }
    } catch (error) {
      return containFault(this.#channel, this.#session, error, nowMs);
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
    const keys = this.#keysByIndex.get(transportReceiverIndex(bytes, offset));
    if (keys === undefined) return DROP.unknownIndex;
    const opened = openPacket(keys, bytes, offset, length, nowMs);
    if (opened < 0) return opened;
    const end = offset + length - AEAD_TAG_BYTES;
    keys.owner.received(keys, opened, length, bytes, offset + TRANSPORT_HEADER_BYTES, end, source, sourceOffset, nowMs);
    return 0;
  }

  #receiveResponse(bytes: Uint8Array, offset: number, nowMs: number): number {
    const result = this.#handshakes.receiveResponse(bytes, offset);
    if (typeof result === 'number') return result;
    const isRekey = result.purpose === 'rekey' && this.#session !== undefined;
    const session = isRekey ? this.#session : this.#newSession(nowMs);
    // The end of the former session may have made the program close the channel.
    if (session === undefined || session.endReason !== undefined) return 0;
    this.#adopt(session, result, nowMs);
    session.emit({ kind: isRekey ? 'rekeyed' : 'connected', session }, nowMs);
    return 0;
  }

  #newSession(nowMs: number): LiveSession {
    const session = new LiveSession(this.#channel, this.#peerName);
    session.path.settle(this.#path, 0);
    session.connectedMs = nowMs;
    const former = this.#session;
    this.#session = session;
    this.#state = 'connected';
    former?.end('restarted', undefined, nowMs);
    return session;
  }

  #adopt(session: LiveSession, { keys, localIndex, peerIndex }: HandshakeResult, nowMs: number): void {
    const adopted = new TransportKeys(
      this.#primitives,
      session,
      'initiator',
      keys,
      localIndex,
      peerIndex,
      this.#rings,
      nowMs,
    );
    this.#keysByIndex.set(localIndex, adopted);
    session.adopt(adopted, nowMs);
    // The first packet under the new keys shows the server that we have them.
    this.#parametersWaitMs = FIRST_REPEAT_MS;
    if (this.#channel.protocol.framed) this.#sendParameters(nowMs);
    else session.ping(nowMs);
  }

  #receiveCookie(bytes: Uint8Array, offset: number, nowMs: number): number {
    const result = this.#handshakes.receiveCookie(bytes, offset, nowMs);
    this.wake(nowMs);
    return result;
  }

  /**
   * The server says that it does not know the session. That stays until a new one stands: so a
   * reset that was forged or repeated costs one handshake, and nothing else.
   */
  #receiveReset(bytes: Uint8Array, offset: number, nowMs: number): number {
    const keys = this.#session?.current;
    if (keys === undefined || keys.peerIndex !== resetUnknownIndex(bytes, offset)) return DROP.unknownIndex;
    const token = keys.resetToken;
    if (token === undefined || !equalSecrets(token, 0, bytes, offset + RESET_OFFSET.token, RESET_TOKEN_BYTES))
      return DROP.badToken;
    if (this.#handshakes.beginAtOnce(nowMs)) this.wake(nowMs);
    return 0;
  }

  /**
   * On a lost path pings go on, and if the server has forgotten the session a reset says so. But
   * while its token has not come yet no reset can be believed: then only a new session helps,
   * unless the present one comes to life again.
   */
  #noticed({ kind, session }: SessionEvent, nowMs: number): void {
    if (session === undefined || session !== this.#session) return;
    if (kind === 'path-lost' && this.#session.current?.resetToken === undefined && this.#channel.protocol.framed) {
      this.#handshakes.beginAtOnce(nowMs);
    }
    if (kind === 'path-restored' && this.#handshakes.purpose === 'new-session') this.#handshakes.stop();
  }

  #rekeyDueMs(): number {
    const keys = this.#session?.current;
    if (keys === undefined) return Infinity;
    return keys.nextCounter >= REKEY_AFTER_PACKETS ? keys.createdMs : keys.createdMs + this.#rekeyAfterMs;
  }

  /** Repeated until the server's parameters come under the same keys. */
  #sendParameters(nowMs: number): void {
    this.#nextParametersMs = nowMs + this.#parametersWaitMs;
    this.#parametersWaitMs = Math.min(this.#parametersWaitMs * 2, LAST_REPEAT_MS);
    if (this.#session !== undefined) sendParameters(this.#session, nowMs);
  }

  #parametersArrived(keys: SessionKeys, parameters: Readonly<SessionParameters>, nowMs: number): void {
    keys.resetToken = parameters.resetToken;
    if (keys !== this.#session?.current || this.#nextParametersMs === Infinity) return;
    this.#nextParametersMs = Infinity;
    // They answer ours, the first packet under these keys.
    this.#session.proven(keys.createdMs, nowMs);
  }

  #retire(keys: SessionKeys): void {
    this.#keysByIndex.delete(keys.localIndex);
    keys.wipe();
  }

  #ended(session: LiveSession, nowMs: number): void {
    if (session !== this.#session) return;
    this.#session = undefined;
    this.#nextParametersMs = Infinity;
    if (this.#state !== 'connected') return;
    this.#state = 'connecting';
    this.#handshakes.begin('new-session', nowMs, waitAfter(session.endReason));
  }
}

/** How long to leave the server alone after a session ended for this reason, ms. */
function waitAfter(reason: DisconnectReason | undefined): number {
  switch (reason) {
    case 'revoked':
    case 'kicked':
    case 'limit':
    case 'replaced':
    case 'version':
    case 'protocol-error':
    case 'internal-error':
      return LAST_RETRY_MS;
    case 'shutdown':
      return FIRST_RETRY_MS;
    default:
      return 0;
  }
}
