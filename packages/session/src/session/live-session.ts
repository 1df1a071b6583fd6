import {
  AEAD_TAG_BYTES,
  DROP,
  PACKED_ENDPOINT_BYTES,
  TRANSPORT_HEADER_BYTES,
  type SessionParameters,
} from '@relay/packet';
import type { Sleeper } from '../deadlines.js';
import type { DisconnectReason, SessionEvent } from '../events.js';
import { keyOfName } from '../keys/key-pair.js';
import { HIGHEST_COUNTER, REJECT_AFTER_MS } from '../protocol.js';
import type { ClientEntry } from '../server/directory.js';
import type { DoorLimits } from '../server/door-limits.js';
import type { Session, SessionStatistics } from '../session.js';
import { OPENED_NEWEST } from '../transport/open-packet.js';
import { sealPacket } from '../transport/seal-packet.js';
import type { TransportKeys } from '../transport/transport-keys.js';
import {
  FIRST_REPEAT_MS,
  LAST_REPEAT_MS,
  PASSIVE_KEEPALIVE_MS,
  PREVIOUS_KEYS_MS,
  REPORT_AFTER_PACKETS,
  REPORT_EVERY_MS,
} from '../tuning.js';
import type { Arrival } from './arrival.js';
import type { ChannelShared } from './channel-shared.js';
import { Measurements } from './measurements.js';
import { PathWatch } from './path-watch.js';
import { Path } from './path.js';
import {
  giveAnswer,
  newToken,
  openRequest,
  roomForPacket,
  sendClose,
  sendParameters,
  sendReport,
  sendRequest,
  writePing,
} from './own-frames.js';
import { Requests } from './requests.js';

const OVERHEAD_BYTES = TRANSPORT_HEADER_BYTES + AEAD_TAG_BYTES;
/** Frames begin here in a packet. */
const FRAMES = TRANSPORT_HEADER_BYTES;

type SessionKeys = TransportKeys<LiveSession>;

let lastId = 0;

/** A session from the first handshake to its end, on either side. */
export class LiveSession implements Session, Sleeper {
  readonly id = ++lastId;
  readonly shared: ChannelShared<LiveSession>;
  /** `nameOf` the peer's public key: takes less memory than an array. */
  readonly peerName: string;
  readonly path = new Path();
  connectedMs = 0;
  peerParameters: SessionParameters | undefined = undefined;
  observedEndpoint: Uint8Array | undefined = undefined;
  /** On the server only. */
  client: ClientEntry | undefined = undefined;
  door: DoorLimits | undefined = undefined;
  /** On the server: of the newest handshake, while that is not confirmed. */
  timestamp: bigint | undefined = undefined;

  endReason: DisconnectReason | undefined = undefined;
  deadlineMs = Infinity;
  deadlineIndex = -1;

  /**
   * Keys that seal; keys before them, which still open late packets; on the server, keys that the
   * client has not used yet.
   */
  current: SessionKeys | undefined = undefined;
  previous: SessionKeys | undefined = undefined;
  next: SessionKeys | undefined = undefined;

  #measurements: Measurements | undefined = undefined;
  #requests: Requests | undefined = undefined;
  readonly #watch = new PathWatch();
  #previousUntilMs = Infinity;
  #lastSentMs = -Infinity;
  #keepaliveMs: number;
  #nextReportMs = Infinity;
  #receivedAtReport = 0;
  /** On the client: when our parameters are told again; Infinity once the server's have come. */
  #nextParametersMs = Infinity;
  #parametersWaitMs = FIRST_REPEAT_MS;
  #packetsIn = 0;
  #bytesIn = 0;
  #packetsOut = 0;
  #bytesOut = 0;

  constructor(shared: ChannelShared<LiveSession>, peerName: string) {
    this.shared = shared;
    this.peerName = peerName;
    this.#keepaliveMs = shared.keepaliveMs;
  }

  get peerPublicKey(): Uint8Array {
    return keyOfName(this.peerName);
  }

  get packedPath(): Uint8Array {
    return this.path.packed;
  }

  get endpoint(): Uint8Array {
    return this.path.packed.subarray(0, PACKED_ENDPOINT_BYTES);
  }

  get isOpen(): boolean {
    return this.endReason === undefined && this.current !== undefined;
  }

  get isPathLost(): boolean {
    return this.#watch.isLost;
  }

  get maxFramesBytes(): number {
    const { maxPacketBytes } = this.shared;
    return Math.min(maxPacketBytes, this.peerParameters?.maxPacketBytes ?? maxPacketBytes) - OVERHEAD_BYTES;
  }

  get measurements(): Measurements {
    return (this.#measurements ??= new Measurements());
  }

  /** The book of requests in both directions. */
  get requests(): Requests {
    return (this.#requests ??= new Requests());
  }

  get statistics(): SessionStatistics {
    return {
      packetsIn: this.#packetsIn,
      bytesIn: this.#bytesIn,
      packetsOut: this.#packetsOut,
      bytesOut: this.#bytesOut,
      ...this.measurements.figures,
    };
  }

  // What the program calls.

  seal(bytes: Uint8Array, offset: number, framesLength: number, nowMs: number): number {
    if (this.#watch.isLost) return DROP.unreachable;
    if (framesLength > this.maxFramesBytes) return DROP.tooLarge;
    const length = this.#seal(bytes, offset, framesLength, nowMs, true);
    if (length > 0) this.#expectAnswer(nowMs);
    return length;
  }

  sendFrames(bytes: Uint8Array, offset: number, length: number, nowMs: number): number {
    if (this.#watch.isLost) return DROP.unreachable;
    if (length > this.maxFramesBytes) return DROP.tooLarge;
    const at = roomForPacket(this.shared);
    this.shared.out.bytes.set(bytes.subarray(offset, offset + length), at + FRAMES);
    return this.send(at, at + FRAMES + length, nowMs, true);
  }

  request(request: number, body: Uint8Array, nowMs: number): number {
    const id = openRequest(this, request, body, nowMs);
    if (id > 0) this.#wakeBy(this.requests.nextRepeatMs);
    return id;
  }

  answer(id: number, status: number, body: Uint8Array, nowMs: number): number {
    return giveAnswer(this, id, status, body, nowMs);
  }

  ping(nowMs: number): void {
    this.#sendPing(newToken(this.shared), nowMs);
  }

  // Keys.

  /** New keys seal from now on. */
  adopt(keys: SessionKeys, nowMs: number): void {
    this.#retirePrevious();
    this.previous = this.current;
    this.current = keys;
    if (this.next === keys) this.next = undefined;
    this.#watch.forgetCounters();
    this.proven(nowMs); // a handshake is a round trip
    this.#wakeBy(nowMs + Math.min(REJECT_AFTER_MS, this.#keepaliveMs));
  }

  /**
   * On the client: the first packet under the new keys shows the server that we have them. It tells
   * our parameters, and is repeated until the server's come under the same keys.
   */
  announce(nowMs: number): void {
    this.#parametersWaitMs = FIRST_REPEAT_MS;
    if (this.shared.protocol.framed) this.#tellParameters(nowMs);
    else this.ping(nowMs);
  }

  #tellParameters(nowMs: number): void {
    this.#nextParametersMs = nowMs + this.#parametersWaitMs;
    this.#parametersWaitMs = Math.min(this.#parametersWaitMs * 2, LAST_REPEAT_MS);
    this.#wakeBy(this.#nextParametersMs);
    sendParameters(this, nowMs);
  }

  /** The peer told of itself under these keys: a server answers with its own. */
  parametersArrived(keys: SessionKeys, parameters: SessionParameters, nowMs: number): void {
    this.peerParameters = parameters;
    if (this.shared.role === 'server') return sendParameters(this, nowMs);
    keys.resetToken = parameters.resetToken;
    if (keys !== this.current || this.#nextParametersMs === Infinity) return;
    this.#nextParametersMs = Infinity;
    // They answer ours, the first packet under these keys.
    this.proven(keys.createdMs);
  }

  /** The server's new keys, which it adopts once the client has shown that it has them. */
  offer(keys: SessionKeys): void {
    this.#retire(this.next);
    this.next = keys;
  }

  #retire(keys: SessionKeys | undefined): void {
    if (keys === undefined) return;
    this.shared.keys.remove(keys.localIndex);
    keys.wipe();
  }

  #retirePrevious(): void {
    this.#retire(this.previous);
    this.previous = undefined;
    this.#previousUntilMs = Infinity;
  }

  // Sending.

  /**
   * Seals the packet at `at` of `out.bytes`, whose frames end at `end`, and sends it, also on a
   * lost path. Returns the length of the packet or a drop code.
   */
  send(at: number, end: number, nowMs: number, wantsAnswer: boolean): number {
    const { out } = this.shared;
    const length = this.#seal(out.bytes, at, end - at - FRAMES, nowMs, true);
    if (length < 0) return length;
    if (wantsAnswer) this.#expectAnswer(nowMs);
    out.add(length, this.path.packed, 0);
    return length;
  }

  /**
   * On the server: the newest packet came on another path. Goes back there, and asks the address to
   * prove itself.
   */
  #moveTo(path: Uint8Array, packetBytes: number, nowMs: number): void {
    this.path.move(path, newToken(this.shared), nowMs);
    this.path.received(packetBytes);
    this.emit({ kind: 'roamed', session: this });
    const { fallback } = this.path;
    // Should somebody have copied the packet: the peer, still where it was, answers this with a
    // newer one.
    if (fallback !== undefined && this.shared.protocol.framed) this.#sendPingTo(fallback, nowMs);
    this.#validate(nowMs);
  }

  /** On the server: the first packet came on another path than the handshake. */
  beginAt(path: Uint8Array, nowMs: number): void {
    this.path.begin(path, newToken(this.shared), nowMs);
    this.#wakeBy(nowMs);
  }

  /**
   * Ends the session on this side. `closeReason`: what to tell the peer, one of `CLOSE`; undefined:
   * nothing.
   */
  end(reason: DisconnectReason, closeReason: number | undefined, nowMs: number): void {
    if (this.endReason !== undefined) return;
    const wasOpen = this.isOpen;
    if (closeReason !== undefined && wasOpen && this.shared.protocol.framed) sendClose(this, closeReason, nowMs);
    this.endReason = reason;
    this.shared.deadlines.remove(this);
    for (const keys of [this.current, this.previous, this.next]) this.#retire(keys);
    this.current = this.previous = this.next = undefined;
    this.shared.ended.push(this);
    if (!wasOpen) return;
    for (const id of this.#requests?.openIds() ?? []) this.emit({ kind: 'request-failed', session: this, id });
    this.emit({ kind: 'disconnected', session: this, reason });
  }

  emit(event: SessionEvent): void {
    this.shared.events.push(event);
  }

  // Receiving.

  /**
   * The authentic packet that has arrived, of `packetBytes`, `opened` as `openPacket` told. Its
   * frames are still to be pulled.
   */
  received(arrival: Arrival<LiveSession>, opened: number, packetBytes: number, nowMs: number): void {
    const { keys, batch, i } = arrival;
    if (keys === undefined) return;
    keys.received++;
    this.#packetsIn++;
    this.#bytesIn += packetBytes;
    if (keys === this.current && this.previous !== undefined && this.#previousUntilMs === Infinity) {
      this.#previousUntilMs = nowMs + PREVIOUS_KEYS_MS;
      this.#wakeBy(this.#previousUntilMs);
    }
    if (this.shared.role === 'server') {
      const isNewest = opened === OPENED_NEWEST && keys === this.current;
      if (this.path.isOf(batch, i)) this.path.received(packetBytes);
      else if (isNewest) this.#moveTo(arrival.path, packetBytes, nowMs);
    }
    if (this.#watch.heard(nowMs)) this.#wakeBy(this.#watch.nextProbeMs);
    if (this.#nextReportMs === Infinity && this.#packetsIn - this.#receivedAtReport >= REPORT_AFTER_PACKETS) {
      this.#nextReportMs = nowMs + REPORT_EVERY_MS;
      this.#wakeBy(this.#nextReportMs);
    }
  }

  /** What was sent at `sentMs` has arrived. */
  proven(sentMs: number): void {
    this.#settle(this.#watch.proven(sentMs));
  }

  /** What was sent with this counter has arrived, under the keys with this index of the peer's. */
  provenByCounter(index: number, counter: number): void {
    if (index === this.current?.peerIndex) this.#settle(this.#watch.provenByCounter(counter));
  }

  /** There is news of what has arrived: the watch may want to ask at another time. */
  #settle(isRestored: boolean): void {
    this.#wakeBy(this.#watch.nextProbeMs);
    if (isRestored) this.emit({ kind: 'path-restored', session: this });
  }

  /** Where there are no frames: something came that wants to be acknowledged. */
  receivedOpaque(nowMs: number): void {
    this.#keepaliveMs = Math.min(this.#keepaliveMs, PASSIVE_KEEPALIVE_MS);
    this.#wakeBy(nowMs + this.#keepaliveMs);
  }

  // Time.

  /** Does what is due, and sleeps again. */
  wake(nowMs: number): void {
    const { current } = this;
    if (current === undefined) return;
    if (nowMs - current.createdMs >= REJECT_AFTER_MS) return this.end('expired', undefined, nowMs);
    if (nowMs >= this.#previousUntilMs) this.#retirePrevious();
    this.#validate(nowMs);
    this.#probe(nowMs);
    if (nowMs >= this.#nextReportMs) this.#report(nowMs);
    if (nowMs >= this.#lastSentMs + this.#keepaliveMs) this.ping(nowMs);
    this.#requests?.repeat(nowMs, (id, kind, body) => sendRequest(this, id, kind, body, nowMs));
    if (nowMs >= this.#nextParametersMs) this.#tellParameters(nowMs);
    this.#wakeBy(this.#nextDeadline(current));
  }

  #nextDeadline(current: SessionKeys): number {
    return Math.min(
      current.createdMs + REJECT_AFTER_MS,
      this.#previousUntilMs,
      this.path.nextChallengeMs,
      this.#watch.nextProbeMs,
      this.#nextReportMs,
      this.#nextParametersMs,
      this.#lastSentMs + this.#keepaliveMs,
      this.#requests?.nextRepeatMs ?? Infinity,
    );
  }

  #wakeBy(deadlineMs: number): void {
    if (this.endReason === undefined) this.shared.deadlines.wakeBy(this, deadlineMs);
  }

  #validate(nowMs: number): void {
    const { challenge } = this.path;
    if (challenge === undefined) return;
    if (!this.shared.protocol.framed) {
      // There is no frame to ask with.
      this.path.settle(this.path.packed);
      return;
    }
    const due = this.path.due(nowMs);
    if (due === 'challenge') {
      this.#wakeBy(this.path.nextChallengeMs);
      this.#sendPing(challenge, nowMs);
    } else if (due === 'returned') {
      this.emit({ kind: 'roamed', session: this });
    }
  }

  #probe(nowMs: number): void {
    const due = this.#watch.probe(nowMs);
    if (due === 'nothing') return;
    if (due === 'lost') this.emit({ kind: 'path-lost', session: this });
    this.ping(nowMs);
  }

  #report(nowMs: number): void {
    this.#nextReportMs = Infinity;
    this.#receivedAtReport = this.#packetsIn;
    if (this.current === undefined || !this.shared.protocol.framed) return;
    sendReport(this, this.current, nowMs);
  }

  // Packets of our own.

  #sendPing(token: Uint8Array, nowMs: number): void {
    const at = roomForPacket(this.shared);
    this.send(at, writePing(this.shared, at + FRAMES, token, nowMs), nowMs, this.shared.protocol.framed);
  }

  /** On a path that is not the present one, to an address that has proven itself. */
  #sendPingTo(destination: Uint8Array, nowMs: number): void {
    const { out } = this.shared;
    const at = roomForPacket(this.shared);
    const end = writePing(this.shared, at + FRAMES, newToken(this.shared), nowMs);
    const length = this.#seal(out.bytes, at, end - at - FRAMES, nowMs, false);
    if (length > 0) out.add(length, destination, 0);
  }

  #seal(bytes: Uint8Array, offset: number, framesLength: number, nowMs: number, isToPath: boolean): number {
    const keys = this.current;
    if (keys === undefined) return DROP.noSession;
    if (nowMs - keys.createdMs >= REJECT_AFTER_MS || keys.nextCounter >= HIGHEST_COUNTER) return DROP.expiredKey;
    const length = framesLength + OVERHEAD_BYTES;
    if (isToPath && !this.path.spend(length)) return DROP.pathUnvalidated;
    sealPacket(keys, bytes, offset, framesLength);
    this.#lastSentMs = nowMs;
    this.#packetsOut++;
    this.#bytesOut += length;
    return length;
  }

  /** Called after the packet that wants an answer was sealed. */
  #expectAnswer(nowMs: number): void {
    if (!this.shared.protocol.framed || this.current === undefined) return;
    if (this.#watch.expectAnswer(this.current.nextCounter - 1, nowMs)) this.#wakeBy(this.#watch.nextProbeMs);
  }
}
