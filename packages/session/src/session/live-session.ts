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
import { PASSIVE_KEEPALIVE_MS, PREVIOUS_KEYS_MS, REPORT_AFTER_PACKETS, REPORT_EVERY_MS } from '../tuning.js';
import { receiveFrames } from './channel-frames.js';
import type { Channel, SessionKeys } from './channel.js';
import { Measurements } from './measurements.js';
import { PathWatch } from './path-watch.js';
import { Path } from './path.js';
import { giveAnswer, newToken, openRequest, sendClose, sendReport, sendRequest, writePing } from './own-frames.js';
import { Requests } from './requests.js';

const OVERHEAD_BYTES = TRANSPORT_HEADER_BYTES + AEAD_TAG_BYTES;
/** Frames of our own begin here in the scratch packet. */
const FRAMES = TRANSPORT_HEADER_BYTES;
/** The type that `onFrame` is given where the protocol has no frames. */
const OPAQUE_TYPE = -1;

let lastId = 0;

/** A session from the first handshake to its end, on either side. */
export class LiveSession implements Session, Sleeper {
  readonly id = ++lastId;
  readonly channel: Channel;
  /** `nameOf` the peer's public key: takes less memory than an array. */
  readonly peerName: string;
  readonly path = new Path();
  attachment: unknown = undefined;
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
  #packetsIn = 0;
  #bytesIn = 0;
  #packetsOut = 0;
  #bytesOut = 0;

  constructor(channel: Channel, peerName: string) {
    this.channel = channel;
    this.peerName = peerName;
    this.#keepaliveMs = channel.keepaliveMs;
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
    const { maxPacketBytes } = this.channel;
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
    this.channel.scratch.set(bytes.subarray(offset, offset + length), FRAMES);
    return this.send(FRAMES + length, nowMs, true);
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
    this.#sendPing(newToken(this.channel), nowMs);
  }

  // Keys.

  /** New keys seal from now on. */
  adopt(keys: SessionKeys, nowMs: number): void {
    this.#retirePrevious();
    this.previous = this.current;
    this.current = keys;
    if (this.next === keys) this.next = undefined;
    this.#watch.forgetCounters();
    this.proven(nowMs, nowMs); // a handshake is a round trip
    this.#wakeBy(nowMs + Math.min(REJECT_AFTER_MS, this.#keepaliveMs));
  }

  /** The server's new keys, which it adopts once the client has shown that it has them. */
  offer(keys: SessionKeys): void {
    if (this.next !== undefined) this.channel.retire(this.next);
    this.next = keys;
  }

  #retirePrevious(): void {
    if (this.previous !== undefined) this.channel.retire(this.previous);
    this.previous = undefined;
    this.#previousUntilMs = Infinity;
  }

  // Sending.

  /**
   * Seals and sends the frames in `scratch` up to `end`, also on a lost path. Returns the length of
   * the packet or a drop code.
   */
  send(end: number, nowMs: number, wantsAnswer: boolean): number {
    const { scratch, onPacket } = this.channel;
    const length = this.#seal(scratch, 0, end - FRAMES, nowMs, true);
    if (length < 0) return length;
    if (wantsAnswer) this.#expectAnswer(nowMs);
    onPacket(scratch, 0, length, this.path.packed, 0);
    return length;
  }

  /**
   * On the server: the newest packet came on another path. Goes back there, and asks the address to
   * prove itself.
   */
  moveTo(source: Uint8Array, sourceOffset: number, packetBytes: number, nowMs: number): void {
    this.path.move(source, sourceOffset, newToken(this.channel), nowMs);
    this.path.received(packetBytes);
    this.emit({ kind: 'roamed', session: this }, nowMs);
    if (!this.isOpen) return;
    const { fallback } = this.path;
    // Should somebody have copied the packet: the peer, still where it was, answers this with a
    // newer one.
    if (fallback !== undefined && this.channel.protocol.framed) this.#sendPingTo(fallback, nowMs);
    this.#validate(nowMs);
  }

  /** On the server: the first packet came on another path than the handshake. */
  beginAt(source: Uint8Array, sourceOffset: number, nowMs: number): void {
    this.path.begin(source, sourceOffset, newToken(this.channel), nowMs);
    this.#wakeBy(nowMs);
  }

  /**
   * Ends the session on this side. `closeReason`: what to tell the peer, one of `CLOSE`; undefined:
   * nothing.
   */
  end(reason: DisconnectReason, closeReason: number | undefined, nowMs: number): void {
    if (this.endReason !== undefined) return;
    const wasOpen = this.isOpen;
    if (closeReason !== undefined && wasOpen && this.channel.protocol.framed) sendClose(this, closeReason, nowMs);
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
   * An authentic packet of `packetBytes` came on the packed path at `source` under `keys`, `opened`
   * as `openPacket` told. Its frames are `bytes[offset .. end]`.
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
    if (keys === this.current && this.previous !== undefined && this.#previousUntilMs === Infinity) {
      this.#previousUntilMs = nowMs + PREVIOUS_KEYS_MS;
      this.#wakeBy(this.#previousUntilMs);
    }
    if (this.channel.role === 'server') {
      const isNewest = opened === OPENED_NEWEST && keys === this.current;
      if (this.path.isAt(source, sourceOffset)) this.path.received(packetBytes);
      else if (isNewest) this.moveTo(source, sourceOffset, packetBytes, nowMs);
    }
    if (this.#watch.heard(nowMs)) this.#wakeBy(this.#watch.nextProbeMs);
    if (this.channel.protocol.framed) receiveFrames(keys, bytes, offset, end, source, sourceOffset, nowMs);
    else this.#receivedOpaque(bytes, offset, end, nowMs);
    if (this.#nextReportMs === Infinity && this.#packetsIn - this.#receivedAtReport >= REPORT_AFTER_PACKETS) {
      this.#nextReportMs = nowMs + REPORT_EVERY_MS;
      this.#wakeBy(this.#nextReportMs);
    }
  }

  /** What was sent at `sentMs` has arrived. */
  proven(sentMs: number, nowMs: number): void {
    this.#settle(this.#watch.proven(sentMs), nowMs);
  }

  /** What was sent with this counter has arrived, under the keys with this index of the peer's. */
  provenByCounter(index: number, counter: number, nowMs: number): void {
    if (index === this.current?.peerIndex) this.#settle(this.#watch.provenByCounter(counter), nowMs);
  }

  /** There is news of what has arrived: the watch may want to ask at another time. */
  #settle(isRestored: boolean, nowMs: number): void {
    this.#wakeBy(this.#watch.nextProbeMs);
    if (isRestored) this.emit({ kind: 'path-restored', session: this }, nowMs);
  }

  #receivedOpaque(bytes: Uint8Array, offset: number, end: number, nowMs: number): void {
    if (offset === end) return;
    this.#keepaliveMs = Math.min(this.#keepaliveMs, PASSIVE_KEEPALIVE_MS);
    this.#wakeBy(nowMs + this.#keepaliveMs);
    this.channel.onFrame(this, OPAQUE_TYPE, bytes, offset, end, nowMs);
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
    // What was just done may have ended the session: from an event the program may do anything.
    if (this.isOpen) this.#wakeBy(this.#nextDeadline(current));
  }

  #nextDeadline(current: SessionKeys): number {
    return Math.min(
      current.createdMs + REJECT_AFTER_MS,
      this.#previousUntilMs,
      this.path.nextChallengeMs,
      this.#watch.nextProbeMs,
      this.#nextReportMs,
      this.#lastSentMs + this.#keepaliveMs,
      this.#requests?.nextRepeatMs ?? Infinity,
    );
  }

  #wakeBy(deadlineMs: number): void {
    if (this.endReason === undefined) this.channel.deadlines.wakeBy(this, deadlineMs);
  }

  #validate(nowMs: number): void {
    const { challenge } = this.path;
    if (challenge === undefined) return;
    if (!this.channel.protocol.framed) {
      // There is no frame to ask with.
      this.path.settle(this.path.packed, 0);
      return;
    }
    const due = this.path.due(nowMs);
    if (due === 'challenge') {
      this.#wakeBy(this.path.nextChallengeMs);
      this.#sendPing(challenge, nowMs);
    } else if (due === 'returned') {
      this.emit({ kind: 'roamed', session: this }, nowMs);
    }
  }

  #probe(nowMs: number): void {
    const due = this.#watch.probe(nowMs);
    if (due === 'nothing') return;
    if (due === 'lost') this.emit({ kind: 'path-lost', session: this }, nowMs);
    this.ping(nowMs);
  }

  #report(nowMs: number): void {
    this.#nextReportMs = Infinity;
    this.#receivedAtReport = this.#packetsIn;
    if (this.current === undefined || !this.channel.protocol.framed) return;
    sendReport(this, this.current, nowMs);
  }

  // Packets of our own.

  #sendPing(token: Uint8Array, nowMs: number): void {
    this.send(writePing(this.channel, FRAMES, token, nowMs), nowMs, this.channel.protocol.framed);
  }

  /** On a path that is not the present one, to an address that has proven itself. */
  #sendPingTo(destination: Uint8Array, nowMs: number): void {
    const { scratch, onPacket } = this.channel;
    const end = writePing(this.channel, FRAMES, newToken(this.channel), nowMs);
    const length = this.#seal(scratch, 0, end - FRAMES, nowMs, false);
    if (length > 0) onPacket(scratch, 0, length, destination, 0);
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
    if (!this.channel.protocol.framed || this.current === undefined) return;
    if (this.#watch.expectAnswer(this.current.nextCounter - 1, nowMs)) this.#wakeBy(this.#watch.nextProbeMs);
  }
}
