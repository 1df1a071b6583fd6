import {
  CLOSE,
  DROP,
  DropCounters,
  encodeGoAway,
  FEATURE,
  PACKET,
  packetType,
  REQUEST,
  transportReceiverIndex,
  type DatagramBatch,
} from '@relay/packet';
import { defaultPrimitives } from '../crypto/default-primitives.js';
import { Deadlines } from '../deadlines.js';
import type { DisconnectReason, SessionEvent } from '../events.js';
import { identityOf } from '../handshake/identity.js';
import { nameOf, systemRandom } from '../keys/key-pair.js';
import { copyReceivedPath, PACKED_PATH_BYTES } from '../packed-path.js';
import { parametersToTell } from '../parameters.js';
import { RELAY_PROTOCOL } from '../protocol.js';
import type { ReceivedFrame } from '../received-frame.js';
import type { Session } from '../session.js';
import type { ChannelShared } from '../session/channel-shared.js';
import { EventQueue } from '../session/event-queue.js';
import { frameLayerOf } from '../session/frame-layer-of.js';
import type { LiveSession } from '../session/live-session.js';
import { Pull } from '../session/pull.js';
import { beginAt } from '../session/roaming.js';
import { IndexTable } from '../transport/index-table.js';
import { openPacket } from '../transport/open-packet.js';
import { ReplayRings } from '../transport/replay-window.js';
import type { TransportKeys } from '../transport/transport-keys.js';
import { AWAITED_MS } from '../tuning.js';
import { Admission } from './admission.js';
import { ClientSessions } from './client-sessions.js';
import type { ClientDirectory, ClientLimits } from './directory.js';
import { HandshakeAnswers } from './handshake-answers.js';
import type { Load } from './load.js';
import { DEFAULT_LIMITS, type ServerChannelOptions } from './options.js';
import { Notices } from './notices.js';

/** Current, previous and next. */
const KEYS_PER_SESSION = 3;

/**
 * The server's end: the sessions of many clients, found by index. The program pulls: for each
 * received packet it calls `receive`, then `nextFrame` until that is false, then `nextEvent` until
 * that is undefined.
 */
export class ServerChannel {
  readonly #shared: ChannelShared<LiveSession>;
  readonly #pull: Pull;
  readonly #clients: ClientDirectory;
  readonly #admission: Admission;
  readonly #answers: HandshakeAnswers;
  readonly #notices: Notices;
  readonly #keys: IndexTable<TransportKeys<LiveSession>>;
  readonly #sessions: ClientSessions;
  /** Of the packet that is being received, if anybody asked. */
  readonly #path = new Uint8Array(PACKED_PATH_BYTES);

  constructor(options: ServerChannelOptions) {
    const { out, protocol = RELAY_PROTOCOL, primitives = defaultPrimitives, random = systemRandom } = options;
    const { parameters } = options;
    const features = (parameters?.features ?? 0) | FEATURE.notices;
    const told = parametersToTell({ ...parameters, features });
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    const identity = identityOf(protocol, primitives, options.staticKey.privateKey, options.presharedKey);
    const layer = frameLayerOf<LiveSession>(protocol);
    this.#clients = options.clients;
    this.#keys = new IndexTable(limits.maxSessions * KEYS_PER_SESSION, random);
    this.#sessions = new ClientSessions(limits.maxSessions);
    this.#shared = {
      ...{ role: 'server', layer, primitives, random, told, out },
      maxPacketBytes: told.maxPacketBytes,
      keepaliveMs: Infinity,
      rings: new ReplayRings(),
      keys: this.#keys,
      deadlines: new Deadlines(),
      events: new EventQueue(),
      ended: [],
      drops: options.drops ?? new DropCounters(),
    };
    this.#pull = new Pull(this.#shared);
    this.#admission = new Admission(identity, limits.handshakesPerSecond, random, out);
    const { clients, wallClock } = options;
    this.#notices = new Notices(identity, { random, out, wallClock }, this.#sessions);
    this.#answers = new HandshakeAnswers(this.#shared, {
      ...{ identity, clients, wallClock },
      sessions: this.#sessions,
      indices: this.#keys,
      notices: this.#notices,
    });
  }

  /**
   * When to call {@link wake}, ms on the clock of `nowMs`; Infinity: never. Ask again after every
   * other call.
   */
  get nextWakeMs(): number {
    return this.#shared.deadlines.nextMs;
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
    const isNew = load !== this.#answers.load;
    this.#answers.load = load;
    this.#admission.isLoaded = load === 'loaded' || load === 'shedding';
    if (load !== 'draining' || !isNew) return;
    // A session that has no room for it is no worse off than with a message that was lost.
    for (const session of this.sessions()) session.request(REQUEST.goAway, encodeGoAway({ graceMs }), nowMs);
  }

  /**
   * Asks a client on a packed path (48 bytes), on which it has proven itself before, to begin a new
   * session: this server has lost those of its last life. The handshake that follows is expected:
   * it needs no cookie, and is taken while the server sheds load. Returns 0, or a drop code (< 0):
   * `unknown-client`, `rate-limited` (it got ten notices within a second). Never throws.
   */
  wakeClient(publicKey: Uint8Array, path: Uint8Array, nowMs: number): number {
    try {
      if (this.#clients.lookup(publicKey) === undefined) return DROP.unknownClient;
      const name = nameOf(publicKey);
      const code = this.#notices.wake({ publicKey, name, path }, nowMs);
      if (code < 0) return code;
      this.#admission.expect(nowMs);
      this.#sessions.expect(name, nowMs + AWAITED_MS);
      return 0;
    } catch (error) {
      return this.#pull.fault(undefined, error, nowMs);
    }
  }

  /** Does what is due. Never throws. */
  wake(nowMs: number): void {
    this.#shared.deadlines.wakeDue(nowMs, (session) => {
      try {
        if (session.keys.current === undefined) session.end('keys-expired', undefined, nowMs);
        else session.wake(nowMs);
      } catch (error) {
        this.#pull.fault(session, error, nowMs);
      }
    });
    this.#forgetEnded();
  }

  /** Ends a session, telling the client why as far as there is a word for it. */
  closeSession(session: Session, reason: DisconnectReason, nowMs: number): void {
    const live = this.#sessions.established(session.peerName);
    if (live === session) live.end(reason, CLOSE_REASONS.get(reason) ?? CLOSE.closed, nowMs);
    this.#forgetEnded();
  }

  /**
   * Ends the session of this client at once, and forgets its limits. The directory must not know it
   * any more, or it comes back. `reason`: what the client is told.
   */
  revoke(publicKey: Uint8Array, nowMs: number, reason: 'revoked' | 'expired' = 'revoked'): void {
    const name = nameOf(publicKey);
    this.#sessions.pending(name)?.end(reason, undefined, nowMs);
    this.#sessions.established(name)?.end(reason, CLOSE[reason], nowMs);
    this.#sessions.forgetClient(name);
    this.#forgetEnded();
  }

  /** The limits of this client are these from now on, for the sessions that it has too. */
  setLimits(publicKey: Uint8Array, limits: ClientLimits): void {
    const name = nameOf(publicKey);
    for (const session of [this.#sessions.pending(name), this.#sessions.established(name)])
      if (session !== undefined) session.door = this.#sessions.doorOf(name, limits);
  }

  /**
   * Ends all sessions, and lets no new one in. Clients are told that the server is shutting down,
   * and will try again soon.
   */
  close(nowMs: number): void {
    this.#answers.load = 'draining';
    for (const session of this.#sessions.all()) session.end('shutdown', CLOSE.shutdown, nowMs);
    this.#forgetEnded();
  }

  /**
   * Takes datagram `i` of a batch and opens it in place. Returns 0, or a drop code (< 0). Its
   * frames are pulled with {@link nextFrame}, and the batch must stay as it is until then; what is
   * not pulled before the next call of `receive` is forgotten. Never throws: what this package
   * throws ends the session of the packet, is told as the event `fault`, and is `internal-error`
   * here.
   */
  receive(batch: DatagramBatch, i: number, nowMs: number): number {
    const { bytes } = batch;
    const offset = batch.offsets[i] ?? 0;
    const type = packetType(bytes, offset, batch.lengths[i] ?? 0);
    this.#pull.arrival.keys = undefined;
    let code: number;
    try {
      if (type === PACKET.transport) code = this.#receiveTransport(batch, i, nowMs);
      else if (type === PACKET.initiation) code = this.#receiveInitiation(batch, i, nowMs);
      else code = type < 0 ? type : DROP.unknownType;
    } catch (error) {
      const keys = type === PACKET.transport ? this.#keys.at(transportReceiverIndex(bytes, offset)) : undefined;
      code = this.#pull.fault(keys?.owner, error, nowMs);
    }
    this.#forgetEnded();
    return code;
  }

  /**
   * The name of the key of the client whose packet datagram `i` of the batch claims to be, by its
   * index alone: nothing is opened. Undefined if it is no packet of a session here.
   */
  clientOf({ bytes, offsets, lengths }: DatagramBatch, i: number): string | undefined {
    const offset = offsets[i] ?? 0;
    if (packetType(bytes, offset, lengths[i] ?? 0) !== PACKET.transport) return undefined;
    return this.#keys.at(transportReceiverIndex(bytes, offset))?.owner.peerName;
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
    this.#forgetEnded();
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
    this.#forgetEnded();
    return code;
  }

  #receiveTransport(batch: DatagramBatch, i: number, nowMs: number): number {
    const { bytes } = batch;
    const offset = batch.offsets[i] ?? 0;
    const length = batch.lengths[i] ?? 0;
    const index = transportReceiverIndex(bytes, offset);
    const keys = this.#keys.at(index);
    if (keys === undefined) return DROP.unknownIndex;
    const session = keys.owner;
    if (session.door?.isClosed(nowMs) === true) return DROP.rateLimited;
    const opened = openPacket(keys, bytes, offset, length, nowMs);
    if (opened < 0) return opened;
    if (session.door?.admit(length, nowMs) === false) return DROP.rateLimited;
    const { arrival } = this.#pull;
    arrival.begin(batch, i, keys);
    if (keys === session.keys.next) this.#confirmed(keys, batch, i, nowMs);
    session.received(arrival, opened, length, nowMs);
    return 0;
  }

  /** The client has used the keys of its last handshake: that makes the session, or renews it. */
  #confirmed(keys: TransportKeys<LiveSession>, batch: DatagramBatch, i: number, nowMs: number): void {
    const session = keys.owner;
    const isRenewal = session.keys.current !== undefined;
    if (session.timestamp !== undefined) this.#clients.recordTimestamp(session.peerPublicKey, session.timestamp);
    session.timestamp = undefined;
    session.adopt(keys, nowMs);
    if (isRenewal) {
      this.#shared.events.push({ kind: 'rekeyed', session });
      return;
    }
    const former = this.#sessions.establish(session);
    session.connectedMs = nowMs;
    // The response went to the address of the initiation: only who answers from there is known to
    // receive there.
    if (!session.path.isOf(batch, i)) beginAt(session, this.#pathOf(batch, i), nowMs);
    former?.end('replaced', CLOSE.replaced, nowMs);
    this.#shared.events.push({ kind: 'connected', session });
  }

  #receiveInitiation(batch: DatagramBatch, i: number, nowMs: number): number {
    const offset = batch.offsets[i] ?? 0;
    const path = this.#pathOf(batch, i);
    const admitted = this.#admission.admit(batch.bytes, offset, path, nowMs);
    return admitted < 0 ? admitted : this.#answers.answer(batch.bytes, offset, path, nowMs);
  }

  #pathOf(batch: DatagramBatch, i: number): Uint8Array {
    copyReceivedPath(batch, i, this.#path);
    return this.#path;
  }

  /** Of what calls into sessions have brought about, that some have ended concerns the channel. */
  #forgetEnded(): void {
    const { ended } = this.#shared;
    if (ended.length === 0) return;
    for (let session = ended.pop(); session !== undefined; session = ended.pop()) this.#sessions.remove(session);
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
  ['replaced', CLOSE.replaced],
]);
