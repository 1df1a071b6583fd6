/**
 * Notices about a flow (docs/protocol.md, "Flow"): acknowledge, close with a reason, unknown.
 *
 * ```
 *  0        4                0        4        5
 *  +--------+                +--------+--------+
 *  | flow id|                | flow id| reason |
 *  +--------+                +--------+--------+
 *  acknowledge, unknown      close
 * ```
 */
import { readU32, readU8, writeU32 } from '../integers.js';
import { FLOW_ID_BYTES } from './compact.js';
import { encodeSizedFrameHeader, FRAME, frameBodyOffset, frameEnd } from './frame.js';

/** Why a flow was closed. A receiver treats a number that it does not know as `closed`. */
export const FLOW_CLOSE = {
  closed: 0,
  idle: 1,
  denied: 2,
  limit: 3,
  unreachable: 4,
  notPublished: 5,
  draining: 6,
  overloaded: 7,
} as const;

/**
 * The fields that {@link decodeFlowAcknowledge} and {@link decodeFlowUnknown} fill in; make one and
 * reuse it.
 */
export class FlowFields {
  flowId = 0;
}

/** The fields that {@link decodeFlowClose} fills in; make one and reuse it. */
export class FlowCloseFields extends FlowFields {
  /** One of {@link FLOW_CLOSE}, or a number that this version does not know. */
  reason = 0;
}

/**
 * "I know this flow: compact datagrams from now on." Returns the offset after it. Throws a
 * RangeError if there is no room.
 */
export function encodeFlowAcknowledge(bytes: Uint8Array, offset: number, flowId: number): number {
  return encodeFlow(bytes, offset, FRAME.flowAcknowledge, flowId);
}

/**
 * "I do not know this flow: addressed datagrams again, please." Returns the offset after it. Throws
 * a RangeError if there is no room.
 */
export function encodeFlowUnknown(bytes: Uint8Array, offset: number, flowId: number): number {
  return encodeFlow(bytes, offset, FRAME.flowUnknown, flowId);
}

/**
 * "I have closed this flow." `reason` is one of {@link FLOW_CLOSE}. Returns the offset after it.
 * Throws a RangeError if there is no room.
 */
export function encodeFlowClose(bytes: Uint8Array, offset: number, flowId: number, reason: number): number {
  const body = encodeSizedFrameHeader(bytes, offset, FRAME.flowClose, FLOW_ID_BYTES + 1);
  writeU32(bytes, body, flowId);
  bytes[body + FLOW_ID_BYTES] = reason;
  return body + FLOW_ID_BYTES + 1;
}

/** Returns the offset after the frame, or a drop code as {@link nextFrame} does. */
export function decodeFlowAcknowledge(bytes: Uint8Array, offset: number, end: number, into: FlowFields): number {
  return decodeFlow(bytes, offset, end, FRAME.flowAcknowledge, into);
}

/** Returns the offset after the frame, or a drop code as {@link nextFrame} does. */
export function decodeFlowUnknown(bytes: Uint8Array, offset: number, end: number, into: FlowFields): number {
  return decodeFlow(bytes, offset, end, FRAME.flowUnknown, into);
}

/** Returns the offset after the frame, or a drop code as {@link nextFrame} does. */
export function decodeFlowClose(bytes: Uint8Array, offset: number, end: number, into: FlowCloseFields): number {
  const next = decodeFlow(bytes, offset, end, FRAME.flowClose, into);
  if (next >= 0) into.reason = readU8(bytes, frameBodyOffset(bytes, offset) + FLOW_ID_BYTES);
  return next;
}

type FlowType = typeof FRAME.flowAcknowledge | typeof FRAME.flowClose | typeof FRAME.flowUnknown;

function encodeFlow(bytes: Uint8Array, offset: number, type: FlowType, flowId: number): number {
  const body = encodeSizedFrameHeader(bytes, offset, type, FLOW_ID_BYTES);
  writeU32(bytes, body, flowId);
  return body + FLOW_ID_BYTES;
}

function decodeFlow(bytes: Uint8Array, offset: number, end: number, type: FlowType, into: FlowFields): number {
  const next = frameEnd(bytes, offset, end, type);
  if (next >= 0) into.flowId = readU32(bytes, frameBodyOffset(bytes, offset));
  return next;
}
