/**
 * The end that is a session: datagrams of flows go to the peer and come from it. Flows that begin
 * here are *opened*; flows that the peer opened are *accepted*. Only the tunnel tells them apart,
 * and only the tunnel knows how both sides agree on a flow.
 */
import {
  AddressedFields,
  COMPACT_HEADER_BYTES,
  compactFlowId,
  compactPayloadOffset,
  decodeAddressed,
  decodeFlowAcknowledge,
  decodeFlowClose,
  decodeFlowUnknown,
  decodeFragment,
  DROP,
  equalPackedEndpoints,
  FLOW_CLOSE,
  FLOW_OPENED_BY_SERVER,
  FlowCloseFields,
  FlowFields,
  FragmentFields,
  FRAME,
  frameType,
  nextFrame,
} from '@relay/packet';
import type { DatagramWriter } from '../batch/datagram-writer.js';
import { Datagram } from '../datagram.js';
import type { Admit, Flow, Opening } from '../flow/flow.js';
import { FlowIds, idBitOf, type Side } from '../flow/flow-ids.js';
import type { FlowGroup } from '../flow/flow-group.js';
import type { FlowTable } from '../flow/flow-table.js';
import type { IdleQueue } from '../flow/idle-queue.js';
import type { Notices } from '../notices.js';
import type { ModeTraffic } from '../traffic.js';
import { AcceptedEnd } from './accepted-end.js';
import { closeReasonOf } from './close-reason.js';
import { AnswerLimit, closeFlow, disownFlow } from './flow-notices.js';
import type { Fragments } from './fragments.js';
import { LostFlows } from './lost-flows.js';
import { OpenedEnd } from './opened-end.js';
import { TunnelLink, type TunnelSession } from './tunnel-link.js';

/** The parts of a {@link Tunnel}. */
export interface TunnelOptions {
  readonly side: Side;
  readonly writer: DatagramWriter;
  readonly idle: IdleQueue;
  /** Keeps the flows that the peer opens, and counts their datagrams that are of no flow. */
  readonly table: FlowTable;
  /** Counts the datagrams that are of no flow, under ids of this side. */
  readonly opened: ModeTraffic;
  readonly fragments: Fragments;
  readonly notices: Notices;
  /** Lets in the flows that the peer opens. Absent: none. */
  readonly admit?: Admit;
  /** The group of the flows that the peer opens; their ends may name another. */
  readonly group?: FlowGroup<Flow>;
}

/** A frame about flows: from its type byte at `offset` up to `end`. A `ReceivedFrame` is one. */
export interface FlowFrame {
  readonly type: number;
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly end: number;
}

export class Tunnel {
  readonly #options: TunnelOptions;
  readonly #ownBit: number;
  readonly #ids: FlowIds;
  readonly #link: TunnelLink;
  readonly #opened = new Map<number, OpenedEnd>();
  readonly #accepted = new Map<number, AcceptedEnd>();
  readonly #lost: LostFlows;
  readonly #answers = new AnswerLimit();
  readonly #datagram = new Datagram();
  #hasOpened = false;

  constructor(options: TunnelOptions) {
    this.#options = options;
    this.#ownBit = idBitOf(options.side);
    this.#ids = new FlowIds(options.side);
    this.#link = new TunnelLink(options.writer);
    this.#lost = new LostFlows(options.idle);
  }

  /** The session with the peer, while there is one. */
  get session(): TunnelSession | undefined {
    return this.#link.session;
  }

  /**
   * A session stands, and its peer knows no flow. It learns of the flows that began here by their
   * next datagrams, and claims the flows that it had opened.
   */
  begin(session: TunnelSession, nowMs: number): void {
    this.lose(nowMs);
    this.#link.session = session;
  }

  /** The session is over, and may come back as another. */
  lose(nowMs: number): void {
    this.#link.session = undefined;
    for (const end of this.#opened.values()) end.isAcknowledged = false;
    this.#lost.add([...this.#accepted.values()], nowMs);
    this.#options.fragments.clear(); // another session, other fragments under the same numbers
  }

  /** The end for a flow that begins here, if that opens. */
  newEnd(): OpenedEnd {
    this.#hasOpened = true;
    const id = this.#ids.take((used) => this.#opened.has(used));
    return new OpenedEnd(id, this.#link, this.#opened);
  }

  /**
   * Takes a frame of the session that stands. Returns 0, or the code of the reason why the frame
   * itself is refused.
   */
  take(frame: FlowFrame, nowMs: number): number {
    const { type, bytes, offset, end } = frame;
    switch (type) {
      case FRAME.compact:
        return this.#takeCompact(frame, nowMs);
      case FRAME.addressed: {
        const code = decodeAddressed(bytes, offset, end, addressed);
        return code < 0 ? code : this.#takeAddressed(bytes, nowMs);
      }
      case FRAME.fragment:
        return this.#takeFragment(frame, nowMs);
      case FRAME.flowAcknowledge: {
        const code = decodeFlowAcknowledge(bytes, offset, end, about);
        return code < 0 ? code : this.#setAcknowledged(about.flowId, true);
      }
      case FRAME.flowUnknown: {
        const code = decodeFlowUnknown(bytes, offset, end, about);
        return code < 0 ? code : this.#setAcknowledged(about.flowId, false);
      }
      case FRAME.flowClose: {
        const code = decodeFlowClose(bytes, offset, end, closing);
        return code < 0 ? code : this.#takeClose(nowMs);
      }
      default:
        return DROP.unknownFrame;
    }
  }

  /** A datagram of a flow that both sides know: a reply, if the flow began here. */
  #takeCompact({ bytes, offset, end }: FlowFrame, nowMs: number): number {
    const id = compactFlowId(bytes, offset);
    const payload = compactPayloadOffset(bytes, offset);
    const datagram = this.#datagram.show(bytes, payload, end - payload);
    if (!this.#isOwn(id)) return this.#takeAccepted(id, datagram, nowMs);
    if (!this.#hasOpened) return DROP.unknownFlow; // no flow ever began here
    const flow = this.#opened.get(id)?.flow;
    if (flow === undefined) this.#forget(id, datagram, nowMs);
    else flow.toSource(datagram, nowMs);
    return 0;
  }

  #takeAccepted(id: number, datagram: Datagram, nowMs: number): number {
    const { table, admit } = this.#options;
    if (admit === undefined) return DROP.unknownFlow;
    const { toTarget } = table.traffic;
    toTarget.received(datagram.length);
    const flow = this.#accepted.get(id)?.flow;
    if (flow !== undefined) flow.toTarget(datagram, nowMs);
    else {
      toTarget.dropped(DROP.unknownFlow);
      const session = this.#answering(COMPACT_HEADER_BYTES + datagram.length, nowMs);
      if (session !== undefined) disownFlow(session, id, nowMs);
    }
    return 0;
  }

  /** A reply to a flow that has ended here: the peer is to forget it too. */
  #forget(id: number, datagram: Datagram, nowMs: number): void {
    const { fromTarget } = this.#options.opened;
    fromTarget.received(datagram.length);
    fromTarget.dropped(DROP.unknownFlow);
    const session = this.#answering(COMPACT_HEADER_BYTES + datagram.length, nowMs);
    if (session !== undefined) closeFlow(session, id, FLOW_CLOSE.closed, nowMs);
  }

  /** A datagram with the endpoints of its flow, which it opens if it is not open. */
  #takeAddressed(bytes: Uint8Array, nowMs: number): number {
    const { table, admit } = this.#options;
    const { flowId, source, destination: target, payloadOffset, payloadLength } = addressed;
    if (this.#isOwn(flowId)) return DROP.unknownFrame;
    if (admit === undefined) return DROP.notPublished;
    table.traffic.toTarget.received(payloadLength);
    const opening = { source, target };
    const known = this.#known(flowId, opening, nowMs);
    const end = known ?? this.#accept(flowId, opening, admit, nowMs);
    if (typeof end === 'number') {
      this.#refuse(flowId, end, LEAST_ADDRESSED_BYTES + payloadLength, nowMs);
      return 0;
    }
    end.acknowledge(nowMs);
    end.flow?.toTarget(this.#datagram.show(bytes, payloadOffset, payloadLength), nowMs);
    return 0;
  }

  /**
   * The end of the flow between these endpoints. A flow of the same id with other endpoints belongs
   * to the peer's past: it ends.
   */
  #known(id: number, { source, target }: Opening, nowMs: number): AcceptedEnd | undefined {
    const end = this.#accepted.get(id);
    const flow = end?.flow;
    if (end !== undefined && flow !== undefined) {
      if (equalPackedEndpoints(flow.source, 0, source, 0) && equalPackedEndpoints(flow.target, 0, target, 0))
        return end;
      end.lose();
      flow.end(FLOW_CLOSE.closed, nowMs);
    }
    const lost = this.#lost.claim({ source, target });
    lost?.claim(id);
    return lost;
  }

  /** The end of a flow that opens, or the code of the reason why it does not. */
  #accept(id: number, opening: Opening, admit: Admit, nowMs: number): AcceptedEnd | number {
    const { table } = this.#options;
    const admitted = admit(opening, nowMs);
    if (typeof admitted === 'number') return admitted;
    const end = new AcceptedEnd(id, this.#link, this.#accepted);
    const group = admitted.group ?? this.#options.group;
    const flow = group && table.open(opening, [end, admitted], group, nowMs);
    return flow === undefined ? DROP.flowLimit : end;
  }

  /** Does not open the flow of a frame of so many bytes. */
  #refuse(id: number, code: number, frameBytes: number, nowMs: number): void {
    this.#options.table.traffic.toTarget.dropped(code);
    const session = this.#answering(frameBytes, nowMs);
    if (session !== undefined) closeFlow(session, id, closeReasonOf(code), nowMs);
  }

  /** A frame that was put together: its length is not checked yet. */
  #takeFragment({ bytes, offset, end }: FlowFrame, nowMs: number): number {
    const { fragments } = this.#options;
    const code = decodeFragment(bytes, offset, end, fragment);
    if (code < 0) return code;
    const length = fragments.add(fragment, bytes, nowMs);
    if (length <= 0) return length;
    const { whole } = fragments;
    const next = nextFrame(whole, 0, length);
    if (next < 0) return next;
    return this.take({ type: frameType(whole, 0), bytes: whole, offset: 0, end: next }, nowMs);
  }

  #setAcknowledged(id: number, isAcknowledged: boolean): number {
    const end = this.#opened.get(id);
    if (end !== undefined) end.isAcknowledged = isAcknowledged;
    return 0;
  }

  /** The peer has closed its side of a flow. */
  #takeClose(nowMs: number): number {
    const { flowId, reason } = closing;
    if (this.#isOwn(flowId)) {
      const end = this.#opened.get(flowId);
      const refusal = end?.closedByPeer(reason, nowMs);
      if (end?.flow !== undefined && refusal !== undefined)
        this.#options.notices.add({ kind: 'refused', target: end.flow.target, reason: refusal });
    } else {
      const end = this.#accepted.get(flowId);
      end?.lose();
      end?.flow?.end(FLOW_CLOSE.closed, nowMs);
    }
    return 0;
  }

  /** The session, if one more answer about a flow that is not known may go out now. */
  #answering(frameBytes: number, nowMs: number): TunnelSession | undefined {
    return this.session !== undefined && this.#answers.take(frameBytes, nowMs) ? this.session : undefined;
  }

  #isOwn(flowId: number): boolean {
    return (flowId & FLOW_OPENED_BY_SERVER) === this.#ownBit;
  }
}

/** Of an addressed datagram: type, flow, and two IPv4 endpoints. */
const LEAST_ADDRESSED_BYTES = 19;

// Decoders fill these in; none of them is used after the call that filled it.
const addressed = new AddressedFields();
const about = new FlowFields();
const closing = new FlowCloseFields();
const fragment = new FragmentFields();
