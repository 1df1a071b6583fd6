import { packEndpoint, PACKED_ENDPOINT_BYTES } from '../endpoint/packed-endpoint.js';
import { writeU32 } from '../integers.js';
import { PacketError } from '../packet-error.js';
import { encodeClose } from './close.js';
import { encodeCompactHeader, FLOW_ID_BYTES } from './compact.js';
import { encodeAnswer, encodeRequest } from './control.js';
import { encodeExtendedHeader, ExtendedFields, NO_NUMBER, NO_TRAFFIC_CLASS } from './extended.js';
import { encodeFlowAcknowledge, encodeFlowClose, encodeFlowUnknown } from './flow.js';
import { encodeFlowSettings } from './flow-settings.js';
import { encodeFragmentHeader, fragmentStart } from './fragment.js';
import { encodeLastFrameHeader, FRAME, sizeFrame, SIZE_BYTES } from './frame.js';
import type { Frame } from './frame-object.js';
import { encodeParameters } from './parameters.js';
import { encodePing, encodePong } from './ping.js';
import { encodeReport } from './report.js';

/** Bytes of the longest frame whose body has no part of free length: parameters. */
const MAX_FIXED_FRAME_BYTES = 64;

/** The frames that are written without a length where they are the last. */
const ENDS_PACKET: ReadonlySet<Frame['type']> = new Set([
  'padding',
  'compact',
  'extended',
  'addressed',
  'fragment',
  'skipped',
]);

/**
 * Frames as the content of one transport packet. Padding, datagrams and fragments have no length
 * where they are the last. Throws a RangeError or a {@link PacketError} for fields out of their
 * range.
 */
export function encodeFrames(frames: readonly Frame[]): Uint8Array {
  const room = frames.reduce((sum, frame) => sum + MAX_FIXED_FRAME_BYTES + freeBytes(frame), 0);
  const bytes = new Uint8Array(room);
  let at = 0;
  for (const [i, frame] of frames.entries()) {
    const isSized = i < frames.length - 1 && ENDS_PACKET.has(frame.type);
    const end = encodeFrame(bytes, isSized ? at + SIZE_BYTES : at, frame);
    if (isSized) sizeFrame(bytes, at, end);
    at = end;
  }
  return bytes.subarray(0, at);
}

/**
 * Writes padding of `length` zeros that ends a packet. Returns the offset after it. Throws a
 * RangeError if there is no room.
 */
export function encodePadding(bytes: Uint8Array, offset: number, length: number): number {
  const body = encodeLastFrameHeader(bytes, offset, FRAME.padding, length);
  bytes.fill(0, body, body + length);
  return body + length;
}

/** Bytes of the part of free length. */
function freeBytes(frame: Frame): number {
  if ('payload' in frame) return frame.payload.length;
  if ('packet' in frame) return frame.packet.size;
  if ('piece' in frame) return frame.piece.length;
  if ('body' in frame) return frame.body.length;
  return 'length' in frame ? frame.length : 0;
}

function encodeFrame(bytes: Uint8Array, offset: number, frame: Frame): number {
  switch (frame.type) {
    case 'padding':
      return encodePadding(bytes, offset, frame.length);
    case 'compact':
      return append(bytes, encodeCompactHeader(bytes, offset, frame.flowId), frame.payload);
    case 'extended':
      return encodeExtended(bytes, offset, frame);
    case 'addressed': {
      const body = encodeLastFrameHeader(bytes, offset, FRAME.addressed, FLOW_ID_BYTES);
      writeU32(bytes, body, frame.flowId);
      return append(bytes, body + FLOW_ID_BYTES, frame.packet.serialize());
    }
    case 'fragment': {
      const { total, index, count, piece } = frame;
      const pieceLength = fragmentStart(total, count, index + 1) - fragmentStart(total, count, index);
      if (piece.length !== pieceLength) throw new PacketError('fragment', 'bad-fragment');
      return append(bytes, encodeFragmentHeader(bytes, offset, frame), piece);
    }
    case 'flowAcknowledge':
      return encodeFlowAcknowledge(bytes, offset, frame.flowId);
    case 'flowUnknown':
      return encodeFlowUnknown(bytes, offset, frame.flowId);
    case 'flowClose':
      return encodeFlowClose(bytes, offset, frame.flowId, frame.reason);
    case 'flowSettings':
      return encodeFlowSettings(bytes, offset, frame);
    case 'ping':
      return encodePing(bytes, offset, frame.token, 0, frame.timeUs);
    case 'pong': {
      const observed = new Uint8Array(PACKED_ENDPOINT_BYTES);
      packEndpoint(frame.observed, observed, 0);
      return encodePong(bytes, offset, frame, frame.delayUs, observed);
    }
    case 'report':
      return encodeReport(bytes, offset, frame);
    case 'parameters':
      return encodeParameters(bytes, offset, frame);
    case 'close':
      return encodeClose(bytes, offset, frame.reason);
    case 'request':
      return encodeRequest(bytes, offset, frame.id, frame.kind, frame.body);
    case 'answer':
      return encodeAnswer(bytes, offset, frame.id, frame);
    case 'skipped':
      return append(bytes, encodeLastFrameHeader(bytes, offset, frame.number, frame.body.length), frame.body);
  }
}

function encodeExtended(bytes: Uint8Array, offset: number, frame: Frame & { type: 'extended' }): number {
  const header = new ExtendedFields();
  header.flowId = frame.flowId;
  header.number = frame.number ?? NO_NUMBER;
  header.trafficClass = frame.trafficClass ?? NO_TRAFFIC_CLASS;
  header.hasSource = frame.source !== undefined;
  if (frame.source !== undefined) packEndpoint(frame.source, header.source, 0);
  return append(bytes, encodeExtendedHeader(bytes, offset, header, frame.payload.length), frame.payload);
}

function append(bytes: Uint8Array, offset: number, part: Uint8Array): number {
  bytes.set(part, offset);
  return offset + part.length;
}
