import {
  CLOSE,
  DROP,
  DropCounters,
  FEATURE,
  packEndpoint,
  packedPort,
  PACKET,
  packetType,
  transportReceiverIndex,
  type DatagramBatch,
  type Endpoint,
} from '@relay/packet';
import { defaultPrimitives } from '../crypto/default-primitives.js';
import { Deadlines } from '../deadlines.js';
import type { SessionEvent } from '../events.js';
import { identityOf, serverIdentityOf } from '../handshake/identity.js';
import { noticeKey } from '../handshake/notice.js';
import { nameOf, systemRandom } from '../keys/key-pair.js';
import { equalPackedPaths, PACKED_PATH_BYTES } from '../packed-path.js';
import { parametersToTell } from '../parameters.js';
import { REKEY_AFTER_MS, REKEY_AFTER_PACKETS, RELAY_PROTOCOL } from '../protocol.js';
import type { ReceivedFrame } from '../received-frame.js';
import type { Session } from '../session.js';
import type { ChannelShared } from '../session/channel-shared.js';
import { EventQueue } from '../session/event-queue.js';
import { frameLayerOf } from '../session/frame-layer-of.js';
import { LiveSession } from '../session/live-session.js';
import { Pull } from '../session/pull.js';
import { Work } from '../session/work.js';
import { ChosenIndices } from '../transport/chosen-indices.js';
import { openPacket } from '../transport/open-packet.js';
import { ReplayRings } from '../transport/replay-window.js';
import { TransportKeys } from '../transport/transport-keys.js';
import { CLIENT_WAKE_EVERY_MS, KEEPALIVE_MS, REKEY_PATIENCE_MS } from '../tuning.js';
import { Handshakes } from './handshakes.js';
import { NoticeReader } from './notice-reader.js';
import { Refusals } from './refusals.js';
import type { ClientChannelOptions } from './options.js';

/**
 * The client's end: keeps one session with one server alive until it is closed. It begins every
 * handshake. When the server has forgotten the session or closed it, or its keys expired, a new
 * session begins by itself. The program pulls: for each received packet it calls `receive`, then
 * `nextFrame` until that is false, then `nextEvent` until that is undefined.
 */
export class ClientChannel {
  readonly #shared: ChannelShared<LiveSession>;
  readonly #pull: Pull;
  readonly #handshakes: Handshakes;
  readonly #peerName: string;
  /** Packed path to the server; the system chooses the address that it begins at. */
  readonly #path = new Uint8Array(PACKED_PATH_BYTES);
  readonly #asked = new Uint8Array(PACKED_PATH_BYTES);
  readonly #rekeyAfterMs: number;
  readonly #work = new Work();
  readonly #refusals = new Refusals();
  #state: 'idle' | 'connecting' | 'connected' | 'closed' = 'idle';
  #session: LiveSession | undefined;
  /** Since when the path of the session is lost, as the channel has seen; Infinity: it is not. */
  #lostMs = Infinity;
  /** When a handshake asked last whether the server still has the session. */
  #askedMs = -Infinity;

  constructor(options: ClientChannelOptions) {
    const { out, serverPublicKey, keepaliveMs = KEEPALIVE_MS } = options;
    const { protocol = RELAY_PROTOCOL, primitives = defaultPrimitives, random = systemRandom } = options;
    const told = parametersToTell(options.parameters ?? {});
    this.#peerName = nameOf(serverPublicKey);
    this.#rekeyAfterMs = Math.min(options.rekeyAfterMs ?? REKEY_AFTER_MS, REKEY_AFTER_MS);
    if (options.server !== undefined) packEndpoint(options.server, this.#path, 0);
    const identity = identityOf(protocol, primitives, options.staticKey.privateKey, options.presharedKey);
    const secret = identity.staticKey.agree(serverPublicKey);
    if (secret === undefined)
      throw new RangeError('the public key of the server is a point of low order, which no server has');
    this.#shared = {
      ...{ role: 'client', layer: frameLayerOf(protocol), primitives, random, told, out },
      maxPacketBytes: told.maxPacketBytes,
      keepaliveMs: keepaliveMs > 0 ? keepaliveMs : Infinity,
      rings: new ReplayRings(),
      keys: new ChosenIndices(),
      deadlines: new Deadlines(),
      events: new EventQueue(),
      ended: [],
      drops: options.drops ?? new DropCounters(),
    };
    this.#pull = new Pull(this.#shared);
    const notices = new NoticeReader(noticeKey(protocol, serverPublicKey, identity.staticKey.publicKey, secret));
    const server = serverIdentityOf(protocol, serverPublicKey);
    this.#handshakes = new Handshakes(this.#shared, identity, server, this.#path, notices);
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
    return Math.min(this.#shared.deadlines.nextMs, nextAttemptMs, rekeyMs);
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

  /** How many handshakes have had no answer, since one had or a session stood. */
  get failedAttempts(): number {
    return this.#handshakes.failedAttempts;
  }

  /** The server is there now, by what was just learned: nothing waits for a timer. */
  setServer(server: Endpoint, nowMs: number): void {
    this.tryServer(server, nowMs);
    this.networkChanged(nowMs);
  }

  /**
   * Goes on with this endpoint of the server. The waits between attempts stay as they are: that its
   * turn has come is no reason to think that it answers.
   */
  tryServer(server: Endpoint, nowMs: number): void {
    packEndpoint(server, this.#asked, 0);
    if (equalPackedPaths(this.#asked, 0, this.#path, 0)) return;
    this.#path.set(this.#asked);
    this.#session?.path.settle(this.#path);
    this.#session?.ping(nowMs);
    this.wake(nowMs);
  }

  /**
   * The network is another one, as far as this host can tell: asks the server at once whether it
   * answers. A handshake follows if it does not.
   */
  networkChanged(nowMs: number): void {
    if (this.#state === 'idle' || this.#state === 'closed') return;
    this.#session?.ping(nowMs);
    this.#askedMs = -Infinity;
    this.#handshakes.hurry(nowMs);
    this.wake(nowMs);
  }

  /** Ends the session, telling the server, and begins no other until `connect` is called again. */
  close(nowMs: number): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#handshakes.stop();
    this.#session?.end('closed', CLOSE.closed, nowMs);
    this.#look(nowMs);
  }

  /** Does what is due. Never throws. */
  wake(nowMs: number): void {
    try {
      this.#wake(nowMs);
    } catch (error) {
      this.#pull.fault(this.#session, error, nowMs);
    }
    this.#look(nowMs);
  }

  #wake(nowMs: number): void {
    this.#shared.deadlines.wakeDue(nowMs, (session) => session.wake(nowMs));
    this.#look(nowMs);
    const overdueMs = nowMs - this.#rekeyDueMs();
    const patienceMs = Math.max(overdueMs, nowMs - this.#lostMs);
    if (overdueMs >= 0 && this.#handshakes.purpose === undefined) this.#handshakes.begin('rekey', nowMs);
    if (patienceMs >= REKEY_PATIENCE_MS && this.#handshakes.purpose === 'rekey')
      this.#handshakes.begin('new-session', nowMs);
    this.#askIfSilent(nowMs);
    this.#handshakes.wake(nowMs);
  }

  /**
   * Probes that get no answer have more than one cause, and one of them is quick to tell and to
   * mend: a server that has lost the session answers a handshake that renews it with a notice.
   */
  #askIfSilent(nowMs: number): void {
    if (this.#session?.isSilent(nowMs) !== true || this.#handshakes.purpose !== undefined) return;
    // The first answers of a server far away are still under way.
    const answeredMs = this.#session.connectedMs + 2 * this.#handshakes.patienceMs;
    if (nowMs < Math.max(this.#askedMs + CLIENT_WAKE_EVERY_MS, answeredMs)) return;
    this.#askedMs = nowMs;
    this.#handshakes.begin('rekey', nowMs);
  }

  /**
   * Takes datagram `i` of a batch and opens it in place. Returns 0, or a drop code (< 0). Its
   * frames are pulled with {@link nextFrame}, and the batch must stay as it is until then; what is
   * not pulled before the next call of `receive` is forgotten. Never throws: what this package
   * throws ends the session of the packet, is told as the event `fault`, and is `internal-error`
   * here.
   */
  receive(batch: DatagramBatch, i: number, nowMs: number): number {
    this.#pull.arrival.keys = undefined;
    let code: number;
    try {
      code = this.#receive(batch, i, nowMs);
    } catch (error) {
      code = this.#pull.fault(this.#session, error, nowMs);
    }
    this.#look(nowMs);
    return code;
  }

  /** The frame that {@link nextFrame} has found: one object, filled in anew each time. */
  get frame(): ReceivedFrame {
    return this.#pull.frame;
  }

  /**
   * Goes on to the next frame of the relay in the packet that was received last, if there is one:
   * then it is {@link frame}. Frames of the session itself are handled on the way. False once the
   * packet is done with or its session has ended. Never throws, as `receive`.
   */
  nextFrame(nowMs: number): boolean {
    if (this.#pull.nextFrame(nowMs)) return true;
    this.#look(nowMs);
    return false;
  }

  /** Takes out the oldest event that is not drained yet; undefined if there is none. */
  nextEvent(): SessionEvent | undefined {
    return this.#pull.nextEvent();
  }

  /**
   * For the program: what it threw while it worked on a frame or an event of the session. Ends that
   * session with the reason `internal-error`, and queues the event `fault`. Returns the drop code
   * `internal-error`. Never throws.
   */
  fault(session: Session | undefined, error: unknown, nowMs: number): number {
    const code = this.#pull.fault(session, error, nowMs);
    this.#look(nowMs);
    return code;
  }

  #receive(batch: DatagramBatch, i: number, nowMs: number): number {
    const { bytes } = batch;
    const offset = batch.offsets[i] ?? 0;
    const type = packetType(bytes, offset, batch.lengths[i] ?? 0);
    switch (type) {
      case PACKET.transport:
        return this.#receiveTransport(batch, i, nowMs);
      case PACKET.response:
        return this.#receiveResponse(bytes, offset, nowMs);
      case PACKET.cookieReply:
        return this.#receiveCookie(bytes, offset, nowMs);
      case PACKET.notice:
        return this.#receiveNotice(bytes, offset, nowMs);
      default:
        return type < 0 ? type : DROP.unknownType;
    }
  }

  #receiveTransport(batch: DatagramBatch, i: number, nowMs: number): number {
    const { bytes } = batch;
    const offset = batch.offsets[i] ?? 0;
    const length = batch.lengths[i] ?? 0;
    const keys = this.#shared.keys.at(transportReceiverIndex(bytes, offset));
    if (keys === undefined) return DROP.unknownIndex;
    const opened = openPacket(keys, bytes, offset, length, nowMs);
    if (opened < 0) return opened;
    const { arrival } = this.#pull;
    arrival.begin(batch, i, keys);
    keys.owner.received(arrival, opened, length, nowMs);
    return 0;
  }

  #receiveResponse(bytes: Uint8Array, offset: number, nowMs: number): number {
    const result = this.#handshakes.receiveResponse(bytes, offset, nowMs);
    if (typeof result === 'number') return result;
    const renewed = result.purpose === 'rekey' ? this.#session : undefined;
    const session = renewed ?? this.#newSession(nowMs);
    const keys = new TransportKeys(this.#shared, session, result, nowMs);
    this.#shared.keys.set(result.localIndex, keys);
    session.adopt(keys, nowMs);
    this.#shared.layer.greet(session, nowMs);
    this.#shared.events.push({ kind: renewed === undefined ? 'connected' : 'rekeyed', session });
    return 0;
  }

  #newSession(nowMs: number): LiveSession {
    const session = new LiveSession(this.#shared, this.#peerName, this.#work);
    session.path.settle(this.#path);
    session.connectedMs = nowMs;
    const former = this.#session;
    this.#session = session;
    this.#state = 'connected';
    this.#lostMs = Infinity;
    former?.end('restarted', undefined, nowMs);
    return session;
  }

  #receiveCookie(bytes: Uint8Array, offset: number, nowMs: number): number {
    const result = this.#handshakes.receiveCookie(bytes, offset, nowMs);
    this.wake(nowMs);
    return result;
  }

  /** The session that there is lives until a new one stands: so a notice ends nothing. */
  #receiveNotice(bytes: Uint8Array, offset: number, nowMs: number): number {
    if (this.#state === 'idle' || this.#state === 'closed') return DROP.noSession;
    const result = this.#handshakes.receiveNotice(bytes, offset, nowMs);
    this.wake(nowMs);
    return result;
  }

  /** What calls into the session have brought about, and what follows for the channel. */
  #look(nowMs: number): void {
    const { ended } = this.#shared;
    if (ended.length > 0) {
      for (let session = ended.pop(); session !== undefined; session = ended.pop()) this.#ended(session, nowMs);
    }
    const isPathLost = this.#session?.isPathLost === true;
    if (isPathLost !== (this.#lostMs !== Infinity)) this.#pathChanged(isPathLost, nowMs);
  }

  #ended(session: LiveSession, nowMs: number): void {
    if (session !== this.#session) return;
    this.#refusals.ended(session.endReason, nowMs - session.connectedMs);
    this.#session = undefined;
    this.#lostMs = Infinity;
    if (this.#state !== 'connected') return;
    this.#state = 'connecting';
    this.#handshakes.begin('new-session', nowMs, this.#refusals.waitMs);
  }

  /**
   * On a lost path pings go on, and a handshake is tried beside them: whichever gets through first.
   * It renews the session, so that this outlives a cut, where the server would say that it has lost
   * it; otherwise only a new session helps.
   */
  #pathChanged(isLost: boolean, nowMs: number): void {
    this.#lostMs = isLost ? nowMs : Infinity;
    const { purpose } = this.#handshakes;
    const features = this.#session?.peerParameters?.features ?? 0;
    if (!isLost) {
      if (purpose === 'new-session' || nowMs < this.#rekeyDueMs()) this.#handshakes.stop();
    } else if ((features & FEATURE.notices) === 0) this.#handshakes.beginAtOnce(nowMs);
    else if (purpose === undefined) this.#handshakes.begin('rekey', nowMs);
    else this.#handshakes.hurry(nowMs);
  }

  #rekeyDueMs(): number {
    const keys = this.#session?.keys.current;
    if (keys === undefined) return Infinity;
    return keys.nextCounter >= REKEY_AFTER_PACKETS ? keys.createdMs : keys.createdMs + this.#rekeyAfterMs;
  }
}
