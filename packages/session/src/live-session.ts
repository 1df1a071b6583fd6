import {
  AEAD_TAG_BYTES,
  copyPackedEndpoint,
  dropCode,
  encodeAnswer,
  encodeClose,
  encodeParameters,
  encodePing,
  encodeReport,
  encodeRequest,
  encodeTransportHeader,
  equalPackedEndpoints,
  PACKED_ENDPOINT_BYTES,
  PING_TOKEN_BYTES,
  ReportFields,
  TRANSPORT_HEADER_BYTES,
  type SessionParameters,
} from '@relay/packet';
import { receiveFrames } from './channel-frames.js';
import type { Deadlines, Sleeper } from './deadlines.js';
import type { ClientEntry } from './directory.js';
import type { DoorLimits } from './door-limits.js';
import type { DisconnectReason, EventSink, SessionEvent } from './events.js';
import type { RandomSource } from './keys/key-pair.js';
import { Measurements } from './measurements.js';
import { PathValidation } from './path-validation.js';
import { HIGHEST_COUNTER, PATH_LOST_AFTER_MS, REJECT_AFTER_MS, type ChannelProtocol } from './protocol.js';
import { Requests } from './requests.js';
import type { Session, SessionStatistics } from './session.js';
import type { FrameSink, PacketSink } from './sinks.js';
import { OPENED_NEWEST } from './transport/open-packet.js';
import type { TransportKeys } from './transport/transport-keys.js';
import {
  CHALLENGE_EVERY_MS,
  CHALLENGE_PATIENCE_MS,
  LATE_PROBE_EVERY_MS,
  LOST_PROBE_EVERY_MS,
  LOST_PROBE_PATIENCE_MS,
  PASSIVE_KEEPALIVE_MS,
  PREVIOUS_KEYS_MS,
  PROBE_AFTER_MS,
  PROBE_EVERY_MS,
  REPORT_AFTER_PACKETS,
  REPORT_EVERY_MS,
} from './tuning.js';

/** What a session asks of the channel that it belongs to: both ends of it implement this. */
export interface Channel {
  readonly protocol: ChannelProtocol;
  readonly role: 'client' | 'server';
  readonly maxPacketBytes: number;
  readonly random: RandomSource;
  readonly deadlines: Deadlines<LiveSession>;
  /** Room for one packet of our own: nothing in it outlives a call of `onPacket`. */
  readonly scratch: Uint8Array;
  readonly onPacket: PacketSink;
  readonly onFrame: FrameSink;
  readonly onEvent: EventSink;
  /** What to tell the peer of ourselves under these keys. */
  parametersFor(keys: SessionKeys): Readonly<SessionParameters>;
  /** The peer told of itself under these keys. */
  parametersArrived(keys: SessionKeys, parameters: Readonly<SessionParameters>, nowMs: number): void;
  /** These keys are no longer used: their index is free. */
  retire(keys: SessionKeys): void;
  /** The session is over; its keys were retired. */
  ended(session: LiveSession, nowMs: number): void;
}

export type SessionKeys = TransportKeys<LiveSession>;

const NO_SESSION = dropCode('no-session');
const EXPIRED_KEY = dropCode('expired-key');
const PATH_UNVALIDATED = dropCode('path-unvalidated');
const UNREACHABLE = dropCode('unreachable');
const TOO_LARGE = dropCode('too-large');

const OVERHEAD_BYTES = TRANSPORT_HEADER_BYTES + AEAD_TAG_BYTES;
/** Frames of our own begin here in the scratch packet. */
const FRAMES = TRANSPORT_HEADER_BYTES;

let lastId = 0;

/** A session from the first handshake to its end, on either side. */
export class LiveSession implements Session, Sleeper {
  readonly id = ++lastId;
  readonly channel: Channel;
  readonly peerPublicKey: Uint8Array;
  readonly endpoint = new Uint8Array(PACKED_ENDPOINT_BYTES);
  client: ClientEntry | undefined = undefined;
  observedEndpoint: Uint8Array | undefined = undefined;
  attachment: unknown = undefined;
  door: DoorLimits | undefined = undefined;
  connectedMs = Number.NaN;
  peerParameters: SessionParameters | undefined = undefined;
  endReason: DisconnectReason | undefined = undefined;
  deadlineMs = Infinity;
  deadlineIndex = -1;

  /** Keys that seal; keys before them, which may still open late packets; on the server, keys that the client has not confirmed yet. */
  current: SessionKeys | undefined = undefined;
  previous: SessionKeys | undefined = undefined;
  next: SessionKeys | undefined = undefined;

  readonly measurements = new Measurements();
  #validation: PathValidation | undefined = undefined;
  #requests: Requests | undefined = undefined;
  #previousUntilMs = Infinity;
  #isPathLost = false;
  #unansweredSinceMs = Infinity;
  #nextProbeMs = Infinity;
  #lastSentMs = -Infinity;
  #keepaliveMs = Infinity;
  #nextReportMs = Infinity;
  #receivedAtReport = 0;
  #packetsIn = 0;
  #bytesIn = 0;
  #packetsOut = 0;
  #bytesOut = 0;

  constructor(channel: Channel, peerPublicKey: Uint8Array, keepaliveMs: number) {
    this.channel = channel;
    this.peerPublicKey = peerPublicKey;
    if (keepaliveMs > 0) this.#keepaliveMs = keepaliveMs;
  }

  get isOpen(): boolean {
    return this.endReason === undefined && this.current !== undefined;
  }

  get isPathLost(): boolean {
    return this.#isPathLost;
  }

  get isPathValidated(): boolean {
    return this.#validation === undefined;
  }

  get maxFramesBytes(): number {
    const peerMax = this.peerParameters?.maxPacketBytes ?? this.channel.maxPacketBytes;
    return Math.min(this.channel.maxPacketBytes, peerMax) - OVERHEAD_BYTES;
  }

  get statistics(): SessionStatistics {
    const { roundTrip, lossIn, lossOut, peerRoundTripMs, jitterInMs, jitterOutMs } = this.measurements;
    return {
      packetsIn: this.#packetsIn,
      bytesIn: this.#bytesIn,
      packetsOut: this.#packetsOut,
      bytesOut: this.#bytesOut,
      roundTripMs: roundTrip.smoothedMs,
      latestRoundTripMs: roundTrip.latestMs,
      minimumRoundTripMs: roundTrip.minimumMs,
      roundTripVariationMs: roundTrip.variationMs,
      peerRoundTripMs,
      jitterInMs,
      jitterOutMs,
      lossIn: lossIn.loss,
      lossOut: lossOut.loss,
    };
  }

  // What the program calls.

  seal(bytes: Uint8Array, offset: number, framesLength: number, nowMs: number): number {
    if (this.#isPathLost) return UNREACHABLE;
    if (framesLength > this.maxFramesBytes) return TOO_LARGE;
    const length = this.#sealPacket(bytes, offset, framesLength, nowMs);
    if (length > 0) this.#expectAnswer(nowMs);
    return length;
  }

  sendFrames(bytes: Uint8Array, offset: number, length: number, nowMs: number): number {
    if (this.#isPathLost) return UNREACHABLE;
    if (length > this.maxFramesBytes) return TOO_LARGE;
    this.channel.scratch.set(bytes.subarray(offset, offset + length), FRAMES);
    return this.send(FRAMES + length, nowMs, true);
  }

  request(request: number, body: Uint8Array, nowMs: number): number {
    this.#requests ??= new Requests();
    const id = this.#requests.add(request, body, nowMs);
    this.#sendRequest(id, request, body, nowMs);
    this.#wakeBy(this.#requests.nextRepeatMs);
    return id;
  }

  answer(id: number, status: number, body: Uint8Array, nowMs: number): void {
    const kind = this.#requests?.answered(id, status, body);
    if (kind !== undefined) this.sendAnswer(id, kind, status, body, nowMs);
  }

  ping(nowMs: number): void {
    this.#sendPing(nowMs);
  }

  // Keys.

  /** The client's new keys, which seal at once. */
  adopt(keys: SessionKeys, nowMs: number): void {
    this.#retirePrevious();
    this.previous = this.current;
    this.current = keys;
    this.#previousUntilMs = Infinity;
    this.#unansweredSinceMs = Infinity;
    this.#wakeBy(nowMs + REJECT_AFTER_MS);
    if (this.#keepaliveMs !== Infinity) this.#wakeBy(nowMs + this.#keepaliveMs);
  }

  /** The server's new keys, which seal once the client has shown that it has them. */
  offer(keys: SessionKeys): void {
    if (this.next !== undefined) this.channel.retire(this.next);
    this.next = keys;
  }

  /** The client has used the keys that were offered. */
  confirm(nowMs: number): void {
    const { next } = this;
    if (next === undefined) return;
    this.next = undefined;
    this.adopt(next, nowMs);
  }

  // Sending.

  /**
   * Seals and sends the frames in `scratch` up to `end`, also on a lost path. `isProbe`: an answer is expected. Returns the length of the
   * packet or a drop code.
   */
  send(end: number, nowMs: number, isProbe: boolean, destination: Uint8Array = this.endpoint): number {
    const { scratch, onPacket } = this.channel;
    const length = this.#sealPacket(scratch, 0, end - FRAMES, nowMs, destination);
    if (length < 0) return length;
    if (isProbe) this.#expectAnswer(nowMs);
    onPacket(scratch, 0, length, destination, 0);
    return length;
  }

  sendParameters(nowMs: number): void {
    if (this.current === undefined) return;
    const parameters = this.channel.parametersFor(this.current);
    this.send(encodeParameters(this.channel.scratch, FRAMES, parameters), nowMs, this.channel.role === 'client');
  }

  sendAnswer(id: number, kind: number, status: number, body: Uint8Array, nowMs: number): void {
    this.send(encodeAnswer(this.channel.scratch, FRAMES, id, kind, status, body), nowMs, false);
  }

  sendClose(reason: number, nowMs: number): void {
    this.send(encodeClose(this.channel.scratch, FRAMES, reason), nowMs, false);
  }

  /** Ends the session on this side. `closeReason`: what to tell the peer, one of `CLOSE`; undefined: nothing. */
  end(reason: DisconnectReason, closeReason: number | undefined, nowMs: number): void {
    if (this.endReason !== undefined) return;
    const wasOpen = this.isOpen;
    if (closeReason !== undefined && wasOpen && this.channel.protocol.framed) this.sendClose(closeReason, nowMs);
    this.endReason = reason;
    this.channel.deadlines.remove(this);
    for (const keys of [this.current, this.previous, this.next]) {
      if (keys !== undefined) this.channel.retire(keys);
    }
    this.current = this.previous = this.next = undefined;
    this.channel.ended(this, nowMs);
    if (!wasOpen) return;
    for (const id of this.#requests?.openIds() ?? []) this.emit({ kind: 'request-failed', session: this, id }, nowMs);
    this.emit({ kind: 'disconnected', session: this, reason }, nowMs);
  }

  emit(event: SessionEvent, nowMs: number): void {
    this.channel.onEvent(event, nowMs);
  }

  // Receiving.

  /**
   * An authentic packet of `packetBytes` came from `source` under `keys`, which are current or previous; `opened` as `openPacket` told.
   * Its frames are `bytes[offset .. end]`.
   */
  received(
    keys: SessionKeys,
    opened: number,
    packetBytes: number,
    bytes: Uint8Array,
    offset: number,
    end: number,
    source: Uint8Array,
    sourceOffset: number,
    nowMs: number,
  ): void {
    keys.received++;
    this.#packetsIn++;
    this.#bytesIn += packetBytes;
    if (keys === this.current && this.#previousUntilMs === Infinity && this.previous !== undefined) {
      this.#previousUntilMs = nowMs + PREVIOUS_KEYS_MS;
      this.#wakeBy(this.#previousUntilMs);
    }
    const isNewest = opened === OPENED_NEWEST && keys === this.current;
    if (this.channel.role === 'server') this.#followPath(isNewest, packetBytes, source, sourceOffset, nowMs);
    this.#heard(nowMs);
    if (!this.channel.protocol.framed) this.#receivedOpaque(bytes, offset, end, nowMs);
    else receiveFrames(keys, bytes, offset, end, source, sourceOffset, nowMs);
    if (this.#nextReportMs === Infinity && this.channel.protocol.framed) {
      this.#nextReportMs = nowMs + REPORT_EVERY_MS;
      this.#wakeBy(this.#nextReportMs);
    }
  }

  /** A pong with this token came from the packed endpoint at `source`. */
  challengeAnswered(token: Uint8Array, source: Uint8Array, sourceOffset: number, nowMs: number): void {
    const validation = this.#validation;
    if (validation === undefined || !equalPackedEndpoints(source, sourceOffset, this.endpoint, 0)) return;
    if (!validation.token.every((byte, index) => byte === token[index])) return;
    this.#validation = undefined;
    this.emit({ kind: 'path-validated', session: this }, nowMs);
  }

  /** The book of requests in both directions. */
  get requests(): Requests {
    return (this.#requests ??= new Requests());
  }

  /** From now on packets go to the packed endpoint at `source`, which needs no proof. */
  settleAt(source: Uint8Array, sourceOffset: number): void {
    copyPackedEndpoint(source, sourceOffset, this.endpoint, 0);
  }

  /** The present address has proven nothing yet. */
  distrustPath(nowMs: number): void {
    this.#validation = new PathValidation(undefined, this.#newToken(), nowMs);
    this.#wakeBy(nowMs + CHALLENGE_EVERY_MS);
  }

  // Time.

  /** Does what is due, and sleeps again. */
  wake(nowMs: number): void {
    const { current } = this;
    if (current === undefined) return;
    if (nowMs - current.createdMs >= REJECT_AFTER_MS) {
      this.end('expired', undefined, nowMs);
      return;
    }
    if (nowMs >= this.#previousUntilMs) this.#retirePrevious();
    this.#challenge(nowMs);
    this.#probe(nowMs);
    this.#report(nowMs);
    if (this.channel.role === 'client' && nowMs >= this.#lastSentMs + this.#keepaliveMs) this.#sendPing(nowMs);
    this.#requests?.repeat(nowMs, (id, kind, body) => this.#sendRequest(id, kind, body, nowMs));
    // What was just done may have ended the session: through onPacket the program may do anything.
    if (this.isOpen) this.#wakeBy(this.#nextDeadline(current));
  }

  #nextDeadline(current: SessionKeys): number {
    return Math.min(
      current.createdMs + REJECT_AFTER_MS,
      this.#previousUntilMs,
      this.#validation?.nextChallengeMs ?? Infinity,
      this.#nextProbeMs,
      this.#nextReportMs,
      this.#lastSentMs + this.#keepaliveMs,
      this.#requests?.nextRepeatMs ?? Infinity,
    );
  }

  #wakeBy(deadlineMs: number): void {
    this.channel.deadlines.wakeBy(this, deadlineMs);
  }

  // The rest is how.

  #sealPacket(
    bytes: Uint8Array,
    offset: number,
    framesLength: number,
    nowMs: number,
    destination: Uint8Array = this.endpoint,
  ): number {
    const keys = this.current;
    if (keys === undefined || this.endReason !== undefined) return NO_SESSION;
    if (nowMs - keys.createdMs >= REJECT_AFTER_MS || keys.nextCounter >= HIGHEST_COUNTER) return EXPIRED_KEY;
    const length = framesLength + OVERHEAD_BYTES;
    const validation = destination === this.endpoint ? this.#validation : undefined;
    if (validation !== undefined) {
      if (!validation.allows(length)) return PATH_UNVALIDATED;
      validation.sent(length);
    }
    const counter = keys.nextCounter++;
    encodeTransportHeader(bytes, offset, keys.peerIndex, counter);
    keys.sealing.seal(bytes, offset + TRANSPORT_HEADER_BYTES, framesLength, counter);
    this.#lastSentMs = nowMs;
    this.#packetsOut++;
    this.#bytesOut += length;
    return length;
  }

  #retirePrevious(): void {
    if (this.previous !== undefined) this.channel.retire(this.previous);
    this.previous = undefined;
    this.#previousUntilMs = Infinity;
  }

  #sendPing(nowMs: number, destination: Uint8Array = this.endpoint, token: Uint8Array = this.#newToken()): void {
    const { scratch, protocol } = this.channel;
    const timeUs = Math.max(0, Math.round(nowMs * 1000));
    const end = protocol.framed ? encodePing(scratch, FRAMES, token, 0, timeUs) : FRAMES;
    this.send(end, nowMs, protocol.framed && destination === this.endpoint, destination);
  }

  #newToken(): Uint8Array {
    const token = new Uint8Array(PING_TOKEN_BYTES);
    this.channel.random(token);
    return token;
  }

  #sendRequest(id: number, kind: number, body: Uint8Array, nowMs: number): void {
    this.send(encodeRequest(this.channel.scratch, FRAMES, id, kind, body), nowMs, true);
  }

  /** The first of several packets that want an answer starts the clock of the path's detection. */
  #expectAnswer(nowMs: number): void {
    if (this.#unansweredSinceMs !== Infinity || !this.channel.protocol.framed) return;
    this.#unansweredSinceMs = nowMs;
    const { smoothedMs } = this.measurements.roundTrip;
    this.#nextProbeMs = nowMs + (smoothedMs * 2 > PROBE_AFTER_MS ? smoothedMs * 2 : PROBE_AFTER_MS);
    this.#wakeBy(this.#nextProbeMs);
  }

  #heard(nowMs: number): void {
    this.#unansweredSinceMs = Infinity;
    this.#nextProbeMs = Infinity;
    if (!this.#isPathLost) return;
    this.#isPathLost = false;
    this.emit({ kind: 'path-restored', session: this }, nowMs);
  }

  #probe(nowMs: number): void {
    if (nowMs < this.#nextProbeMs) return;
    const unansweredMs = nowMs - this.#unansweredSinceMs;
    if (unansweredMs >= PATH_LOST_AFTER_MS && !this.#isPathLost) {
      this.#isPathLost = true;
      this.emit({ kind: 'path-lost', session: this }, nowMs);
    }
    if (!this.isOpen) return;
    this.#sendPing(nowMs);
    if (!this.#isPathLost) {
      this.#nextProbeMs = Math.min(nowMs + PROBE_EVERY_MS, this.#unansweredSinceMs + PATH_LOST_AFTER_MS);
    } else {
      this.#nextProbeMs = nowMs + (unansweredMs < LOST_PROBE_PATIENCE_MS ? LOST_PROBE_EVERY_MS : LATE_PROBE_EVERY_MS);
    }
  }

  #report(nowMs: number): void {
    if (nowMs < this.#nextReportMs) return;
    this.#nextReportMs = Infinity;
    const keys = this.current;
    if (keys === undefined || this.#packetsIn - this.#receivedAtReport < REPORT_AFTER_PACKETS) return;
    this.#receivedAtReport = this.#packetsIn;
    const { roundTrip, lossIn, jitterInMs } = this.measurements;
    lossIn.count(keys.localIndex, keys.received, keys.window.highest);
    report.index = keys.localIndex;
    report.received = keys.received;
    report.highest = Math.max(0, keys.window.highest);
    report.jitterUs = Math.round((jitterInMs || 0) * 1000);
    report.roundTripUs = Math.round((roundTrip.smoothedMs || 0) * 1000);
    const { scratch } = this.channel;
    const end = encodeReport(scratch, FRAMES, report);
    const timeUs = Math.max(0, Math.round(nowMs * 1000));
    this.send(encodePing(scratch, end, this.#newToken(), 0, timeUs), nowMs, true);
  }

  #followPath(isNewest: boolean, packetBytes: number, source: Uint8Array, sourceOffset: number, nowMs: number): void {
    if (equalPackedEndpoints(source, sourceOffset, this.endpoint, 0)) {
      this.#validation?.received(packetBytes);
    } else if (isNewest) {
      this.#roam(packetBytes, source, sourceOffset, nowMs);
    }
  }

  /** The newest packet came from another address: go there, and until it is proven send little there (RFC 9000 §9.3). */
  #roam(packetBytes: number, source: Uint8Array, sourceOffset: number, nowMs: number): void {
    const proven = this.#validation === undefined ? Uint8Array.from(this.endpoint) : this.#validation.fallback;
    copyPackedEndpoint(source, sourceOffset, this.endpoint, 0);
    this.emit({ kind: 'roamed', session: this }, nowMs);
    if (!this.isOpen) return;
    if (proven !== undefined && equalPackedEndpoints(proven, 0, this.endpoint, 0)) {
      this.#validation = undefined;
      return;
    }
    this.#validation = new PathValidation(proven, this.#newToken(), nowMs);
    this.#validation.received(packetBytes);
    // Whoever copied the packet is found out: the peer, still where it was, answers this with a newer one.
    if (proven !== undefined && this.channel.protocol.framed) this.#sendPing(nowMs, proven);
    this.#challenge(nowMs);
  }

  #challenge(nowMs: number): void {
    const validation = this.#validation;
    if (validation === undefined || nowMs < validation.nextChallengeMs) return;
    if (!this.channel.protocol.framed) {
      this.#validation = undefined;
      return;
    }
    if (nowMs - validation.startedMs < CHALLENGE_PATIENCE_MS) {
      this.#sendPing(nowMs, this.endpoint, validation.token);
      validation.nextChallengeMs = nowMs + CHALLENGE_EVERY_MS;
      this.#wakeBy(validation.nextChallengeMs);
    } else if (validation.fallback !== undefined) {
      copyPackedEndpoint(validation.fallback, 0, this.endpoint, 0);
      this.#validation = undefined;
      this.emit({ kind: 'roamed', session: this }, nowMs);
    } else {
      validation.nextChallengeMs = Infinity;
    }
  }

  #receivedOpaque(bytes: Uint8Array, offset: number, end: number, nowMs: number): void {
    if (offset === end) return;
    this.channel.onFrame(this, OPAQUE_TYPE, bytes, offset, end, nowMs);
    this.#keepaliveMs = Math.min(this.#keepaliveMs, PASSIVE_KEEPALIVE_MS);
  }
}

/** The type that `onFrame` is given where the protocol has no frames. */
const OPAQUE_TYPE = -1;

const report = new ReportFields();
