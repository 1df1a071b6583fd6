import {
  AddressedFields,
  compactFlowId,
  compactPayloadOffset,
  decodeAddressed,
  decodeFlowAcknowledge,
  decodeFlowClose,
  decodeFlowUnknown,
  decodeFragment,
  DROP,
  FLOW_OPENED_BY_SERVER,
  FlowCloseFields,
  FlowFields,
  FragmentFields,
  FRAME,
  frameType,
  nextFrame,
} from '@relay/packet';
import type { AcceptedFlows } from './accepted-flows.js';
import { idBitOf, type Side } from './flow.js';
import type { Fragments } from './fragments.js';
import type { OpenedFlows } from './opened-flows.js';

/** The flows that a frame can be about; either may be missing where a program has none of them. */
export interface FlowsOfSession<S> {
  readonly opened: OpenedFlows | undefined;
  readonly accepted: AcceptedFlows<S> | undefined;
  /** Where the fragments of this session wait for each other. */
  readonly fragments: Fragments;
}

/**
 * Reads the frames about flows and hands each to the flows that it is about. One serves all
 * sessions of a program.
 */
export class FlowFrames {
  readonly #ownBit: number;
  readonly #addressed = new AddressedFields();
  readonly #flow = new FlowFields();
  readonly #close = new FlowCloseFields();
  readonly #fragment = new FragmentFields();

  constructor(side: Side) {
    this.#ownBit = idBitOf(side);
  }

  /**
   * Takes the frame at `offset`, which ends at `end`. Returns 0, or the code of the reason why the
   * frame itself is refused.
   */
  take<S>(
    flows: FlowsOfSession<S>,
    type: number,
    bytes: Uint8Array,
    offset: number,
    end: number,
    nowMs: number,
  ): number {
    switch (type) {
      case FRAME.compact: {
        const id = compactFlowId(bytes, offset);
        const payload = compactPayloadOffset(bytes, offset);
        const known = this.#isOwn(id) ? flows.opened : flows.accepted;
        known?.fromPeer(id, bytes, payload, end - payload, nowMs);
        return known === undefined ? DROP.unknownFlow : 0;
      }
      case FRAME.addressed: {
        const fields = this.#addressed;
        const code = decodeAddressed(bytes, offset, end, fields);
        if (code < 0) return code;
        if (this.#isOwn(fields.flowId)) return DROP.unknownFrame;
        flows.accepted?.fromPeerAddressed(fields, bytes, nowMs);
        return flows.accepted === undefined ? DROP.notPublished : 0;
      }
      case FRAME.fragment:
        return this.#takeFragment(flows, bytes, offset, end, nowMs);
      case FRAME.flowAcknowledge: {
        const code = decodeFlowAcknowledge(bytes, offset, end, this.#flow);
        if (code >= 0) flows.opened?.acknowledged(this.#flow.flowId);
        return Math.min(code, 0);
      }
      case FRAME.flowUnknown: {
        const code = decodeFlowUnknown(bytes, offset, end, this.#flow);
        if (code >= 0) flows.opened?.disowned(this.#flow.flowId);
        return Math.min(code, 0);
      }
      case FRAME.flowClose: {
        const code = decodeFlowClose(bytes, offset, end, this.#close);
        if (code < 0) return code;
        const { flowId, reason } = this.#close;
        if (this.#isOwn(flowId)) flows.opened?.closed(flowId, reason, nowMs);
        else flows.accepted?.closed(flowId);
        return 0;
      }
      default:
        return DROP.unknownFrame;
    }
  }

  /** What was put together has passed no check of its length yet. */
  #takeFragment<S>(flows: FlowsOfSession<S>, bytes: Uint8Array, offset: number, end: number, nowMs: number): number {
    const code = decodeFragment(bytes, offset, end, this.#fragment);
    if (code < 0) return code;
    const length = flows.fragments.add(this.#fragment, bytes, nowMs);
    if (length <= 0) return length;
    const { whole } = flows.fragments;
    const next = nextFrame(whole, 0, length);
    return next < 0 ? next : this.take(flows, frameType(whole, 0), whole, 0, next, nowMs);
  }

  #isOwn(flowId: number): boolean {
    return (flowId & FLOW_OPENED_BY_SERVER) === this.#ownBit;
  }
}
