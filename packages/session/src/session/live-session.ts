import { DROP, PACKED_ENDPOINT_BYTES, type SessionParameters } from '@relay/packet';
import type { Sleeper } from '../deadlines.js';
import type { DisconnectReason } from '../events.js';
import { keyOfName } from '../keys/key-pair.js';
import { REJECT_AFTER_MS } from '../protocol.js';
import type { ClientEntry } from '../server/directory.js';
import type { DoorLimits } from '../server/door-limits.js';
import type { Session, SessionStatistics } from '../session.js';
import { OPENED_NEWEST } from '../transport/open-packet.js';
import type { TransportKeys } from '../transport/transport-keys.js';
import { PASSIVE_KEEPALIVE_MS } from '../tuning.js';
import type { Announcement } from './announcement.js';
import type { Arrival } from './arrival.js';
import type { ChannelShared } from './channel-shared.js';
import { giveAnswer, openRequest } from './control.js';
import { endSession } from './ending.js';
import { Figures } from './figures.js';
import { KeySet } from './key-set.js';
import { proven, sendPing } from './liveness.js';
import { PathWatch } from './path-watch.js';
import { Path } from './path.js';
import type { Requests } from './requests.js';
import { moveTo } from './roaming.js';
import { ask, expectAnswer, FRAMES, OVERHEAD_BYTES, roomForPacket, sealToPath, wakeBy } from './sending.js';
import { doWhatIsDue } from './timetable.js';
import type { Work } from './work.js';

let lastId = 0;

/**
 * A session from the first handshake to its end, on either side. It holds the parts together:
 * `SessionParts` is how each of them sees it.
 */
export class LiveSession implements Session, Sleeper {
  readonly id = ++lastId;
  readonly shared: ChannelShared<LiveSession>;
  /** `nameOf` the peer's public key: takes less memory than an array. */
  readonly peerName: string;
  readonly keys: KeySet<LiveSession>;
  readonly path = new Path();
  readonly watch = new PathWatch();
  readonly figures = new Figures();
  readonly work: Work;
  requests: Requests | undefined = undefined;
  announcement: Announcement | undefined = undefined;
  /** Whether something came that only a packet of ours acknowledges. */
  #acknowledges = false;
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

  /** `work`: what this peer may cause, in all its sessions. */
  constructor(shared: ChannelShared<LiveSession>, peerName: string, work: Work) {
    this.shared = shared;
    this.work = work;
    this.peerName = peerName;
    this.keys = new KeySet(shared.keys);
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

  get isPathProven(): boolean {
    return this.path.challenge === undefined;
  }

  /** How often it sends something when it is idle, ms; Infinity: never. */
  get keepaliveMs(): number {
    const { keepaliveMs } = this.shared;
    return this.#acknowledges ? Math.min(keepaliveMs, PASSIVE_KEEPALIVE_MS) : keepaliveMs;
  }

  get isOpen(): boolean {
    return this.keys.current !== undefined;
  }

  get isPathLost(): boolean {
    return this.watch.isLost;
  }

  /** Whether a probe got no answer for longer than answers have taken. */
  isSilent(nowMs: number): boolean {
    const { roundTripMs } = this.figures.measurements;
    return this.watch.isSilent(Number.isNaN(roundTripMs) ? 0 : roundTripMs, nowMs);
  }

  get maxFramesBytes(): number {
    const { maxPacketBytes } = this.shared;
    return Math.min(maxPacketBytes, this.peerParameters?.maxPacketBytes ?? maxPacketBytes) - OVERHEAD_BYTES;
  }

  get statistics(): SessionStatistics {
    return this.figures.statistics;
  }

  seal(bytes: Uint8Array, offset: number, framesLength: number, nowMs: number): number {
    if (this.watch.isLost) return DROP.unreachable;
    if (framesLength > this.maxFramesBytes) return DROP.tooLarge;
    const length = sealToPath(this, bytes, offset, framesLength, nowMs);
    if (length > 0) expectAnswer(this, nowMs);
    return length;
  }

  sendFrames(bytes: Uint8Array, offset: number, length: number, nowMs: number): number {
    if (this.watch.isLost) return DROP.unreachable;
    if (length > this.maxFramesBytes) return DROP.tooLarge;
    const at = roomForPacket(this);
    this.shared.out.bytes.set(bytes.subarray(offset, offset + length), at + FRAMES);
    return ask(this, at, at + FRAMES + length, nowMs);
  }

  request(request: number, body: Uint8Array, nowMs: number): number {
    return openRequest(this, request, body, nowMs);
  }

  answer(id: number, status: number, body: Uint8Array, nowMs: number): number {
    return giveAnswer(this, id, status, body, nowMs);
  }

  ping(nowMs: number): void {
    sendPing(this, nowMs);
  }

  /** New keys seal from now on. */
  adopt(keys: TransportKeys<LiveSession>, nowMs: number): void {
    this.keys.adopt(keys);
    this.watch.forgetCounters();
    proven(this, nowMs); // a handshake is a round trip
    wakeBy(this, nowMs + Math.min(REJECT_AFTER_MS, this.keepaliveMs));
  }

  /**
   * The authentic packet that has arrived, of `packetBytes`, `opened` as `openPacket` told. Its
   * frames are still to be pulled.
   */
  received(arrival: Arrival<LiveSession>, opened: number, packetBytes: number, nowMs: number): void {
    const { keys } = arrival;
    if (keys === undefined) return;
    keys.received++;
    this.work.received(packetBytes);
    if (this.keys.heardUnder(keys, nowMs)) wakeBy(this, this.keys.previousUntilMs);
    if (this.shared.role === 'server') {
      const isNewest = opened === OPENED_NEWEST && keys === this.keys.current;
      if (arrival.isOn(this.path)) this.path.received(packetBytes);
      else if (isNewest && this.path.mayMove(nowMs)) moveTo(this, arrival.path, packetBytes, nowMs);
    }
    if (this.watch.heard(nowMs)) wakeBy(this, this.watch.nextProbeMs);
    if (this.figures.opened(packetBytes, nowMs)) wakeBy(this, this.figures.nextReportMs);
  }

  /** Something came that only a packet of ours acknowledges: from now on there is one in time. */
  acknowledgeInTime(nowMs: number): void {
    this.#acknowledges = true;
    wakeBy(this, nowMs + this.keepaliveMs);
  }

  /** Does what is due, and sleeps again. */
  wake(nowMs: number): void {
    doWhatIsDue(this, nowMs);
  }

  /**
   * Ends the session on this side. `closeReason`: what to tell the peer, one of `CLOSE`; undefined:
   * nothing.
   */
  end(reason: DisconnectReason, closeReason: number | undefined, nowMs: number): void {
    if (this.endReason === undefined) endSession(this, reason, closeReason, nowMs);
  }
}
