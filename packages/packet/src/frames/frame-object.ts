/** Frames as objects, for code that is not on the data path: tools, tests, captures. */
import { dropReasonOf, type DropReason } from '../drop-reason.js';
import type { Endpoint } from '../endpoint/endpoint.js';
import { unpackEndpoint } from '../endpoint/packed-endpoint.js';
import { UdpPacket } from '../udp-packet/udp-packet.js';
import { CloseFields, decodeClose } from './close.js';
import { compactFlowId, compactPayloadOffset, FLOW_ID_BYTES } from './compact.js';
import { AnswerFields, decodeAnswer, decodeRequest, RequestFields } from './control.js';
import { decodeExtended, ExtendedFields, NO_NUMBER, NO_TRAFFIC_CLASS } from './extended.js';
import { decodeFlowAcknowledge, decodeFlowClose, decodeFlowUnknown, FlowCloseFields, FlowFields } from './flow.js';
import { decodeFlowSettings, FlowSettings } from './flow-settings.js';
import { decodeFragment, FragmentFields } from './fragment.js';
import { FRAME, frameBodyOffset, frameType, nextFrame } from './frame.js';
import { decodeParameters, SessionParameters } from './parameters.js';
import { decodePing, decodePong, PingFields, PongFields } from './ping.js';
import { decodeReport, ReportFields } from './report.js';

/**
 * A frame. The fields have the same meaning as in the `…Fields` class of its type; bytes are views
 * of the decoded bytes.
 */
export type Frame =
  | { readonly type: 'padding'; readonly length: number }
  | { readonly type: 'compact'; readonly flowId: number; readonly payload: Uint8Array }
  | { readonly type: 'addressed'; readonly flowId: number; readonly packet: UdpPacket }
  | {
      readonly type: 'fragment';
      readonly id: number;
      readonly total: number;
      readonly index: number;
      readonly count: number;
      readonly piece: Uint8Array;
    }
  | {
      readonly type: 'extended';
      readonly flowId: number;
      readonly number?: number | undefined;
      readonly trafficClass?: number | undefined;
      readonly source?: Endpoint | undefined;
      readonly payload: Uint8Array;
    }
  | { readonly type: 'flowAcknowledge' | 'flowUnknown'; readonly flowId: number }
  | { readonly type: 'flowClose'; readonly flowId: number; readonly reason: number }
  | ({ readonly type: 'flowSettings' } & Readonly<FlowSettings>)
  | { readonly type: 'ping'; readonly token: Uint8Array; readonly timeUs: number }
  | {
      readonly type: 'pong';
      readonly token: Uint8Array;
      readonly timeUs: number;
      readonly delayUs: number;
      readonly observed: Endpoint;
    }
  | ({ readonly type: 'report' } & Readonly<ReportFields>)
  | ({ readonly type: 'parameters' } & Readonly<SessionParameters>)
  | { readonly type: 'close'; readonly reason: number }
  | { readonly type: 'request'; readonly id: number; readonly kind: number; readonly body: Uint8Array }
  | {
      readonly type: 'answer';
      readonly id: number;
      readonly kind: number;
      readonly status: number;
      readonly body: Uint8Array;
    }
  /** Of a type that this version does not know and may skip. */
  | { readonly type: 'skipped'; readonly number: number; readonly body: Uint8Array };

/**
 * The frames that fill `bytes`, the decrypted content of a transport packet; none for a keepalive.
 * Returns the drop reason if one frame is wrong: all are refused then.
 */
export function decodeFrames(bytes: Uint8Array): Frame[] | DropReason {
  const frames: Frame[] = [];
  for (let at = 0; at < bytes.length;) {
    const next = nextFrame(bytes, at, bytes.length);
    if (next < 0) return dropReasonOf(next);
    const frame = decodeFrame(bytes, at, next);
    if (typeof frame === 'string') return frame;
    frames.push(frame);
    at = next;
  }
  return frames;
}

/** The frame from `offset` to `end`, which nextFrame has let pass. */
function decodeFrame(bytes: Uint8Array, offset: number, end: number): Frame | DropReason {
  const type = frameType(bytes, offset);
  const body = frameBodyOffset(bytes, offset);
  switch (type) {
    case FRAME.padding:
      return { type: 'padding', length: end - body };
    case FRAME.compact: {
      const payload = bytes.subarray(compactPayloadOffset(bytes, offset), end);
      return { type: 'compact', flowId: compactFlowId(bytes, offset), payload };
    }
    case FRAME.addressed: {
      const packet = UdpPacket.tryDeserialize(bytes.subarray(body + FLOW_ID_BYTES, end));
      if (typeof packet === 'string') return packet;
      return { type: 'addressed', flowId: compactFlowId(bytes, offset), packet };
    }
    case FRAME.fragment: {
      const fields = new FragmentFields();
      return read(decodeFragment(bytes, offset, end, fields), () => {
        const { id, total, index, count, pieceOffset } = fields;
        return { type: 'fragment', id, total, index, count, piece: bytes.subarray(pieceOffset, end) };
      });
    }
    case FRAME.extended: {
      const fields = new ExtendedFields();
      return read(decodeExtended(bytes, offset, end, fields), () => extendedFrame(bytes, fields));
    }
    case FRAME.flowAcknowledge: {
      const fields = new FlowFields();
      return read(decodeFlowAcknowledge(bytes, offset, end, fields), () =>
        Object.assign({ type: 'flowAcknowledge' as const }, fields),
      );
    }
    case FRAME.flowUnknown: {
      const fields = new FlowFields();
      return read(decodeFlowUnknown(bytes, offset, end, fields), () =>
        Object.assign({ type: 'flowUnknown' as const }, fields),
      );
    }
    case FRAME.flowClose: {
      const fields = new FlowCloseFields();
      return read(decodeFlowClose(bytes, offset, end, fields), () =>
        Object.assign({ type: 'flowClose' as const }, fields),
      );
    }
    case FRAME.flowSettings: {
      const fields = new FlowSettings();
      return read(decodeFlowSettings(bytes, offset, end, fields), () =>
        Object.assign({ type: 'flowSettings' as const }, fields),
      );
    }
    default:
      return decodeSessionFrame(bytes, offset, end);
  }
}

/** Of the frames that are not about flows. */
function decodeSessionFrame(bytes: Uint8Array, offset: number, end: number): Frame | DropReason {
  const type = frameType(bytes, offset);
  switch (type) {
    case FRAME.ping: {
      const fields = new PingFields();
      return read(decodePing(bytes, offset, end, fields), () => Object.assign({ type: 'ping' as const }, fields));
    }
    case FRAME.pong: {
      const fields = new PongFields();
      return read(decodePong(bytes, offset, end, fields), () => {
        const { token, timeUs, delayUs, observed } = fields;
        return { type: 'pong', token, timeUs, delayUs, observed: unpackEndpoint(observed, 0) };
      });
    }
    case FRAME.report: {
      const fields = new ReportFields();
      return read(decodeReport(bytes, offset, end, fields), () => Object.assign({ type: 'report' as const }, fields));
    }
    case FRAME.parameters: {
      const fields = new SessionParameters();
      return read(decodeParameters(bytes, offset, end, fields), () =>
        Object.assign({ type: 'parameters' as const }, fields),
      );
    }
    case FRAME.close: {
      const fields = new CloseFields();
      return read(decodeClose(bytes, offset, end, fields), () => Object.assign({ type: 'close' as const }, fields));
    }
    case FRAME.request: {
      const fields = new RequestFields();
      return read(decodeRequest(bytes, offset, end, fields), () => {
        return { type: 'request', id: fields.id, kind: fields.kind, body: bytes.subarray(fields.bodyOffset, end) };
      });
    }
    case FRAME.answer: {
      const fields = new AnswerFields();
      return read(decodeAnswer(bytes, offset, end, fields), () => {
        const { id, kind, status, bodyOffset } = fields;
        return { type: 'answer', id, kind, status, body: bytes.subarray(bodyOffset, end) };
      });
    }
    default:
      return { type: 'skipped', number: type, body: bytes.subarray(frameBodyOffset(bytes, offset), end) };
  }
}

function extendedFrame(bytes: Uint8Array, fields: Readonly<ExtendedFields>): Frame {
  const { flowId, number, trafficClass, hasSource, payloadOffset, payloadLength } = fields;
  return {
    type: 'extended',
    flowId,
    number: number === NO_NUMBER ? undefined : number,
    trafficClass: trafficClass === NO_TRAFFIC_CLASS ? undefined : trafficClass,
    source: hasSource ? unpackEndpoint(fields.source, 0) : undefined,
    payload: bytes.subarray(payloadOffset, payloadOffset + payloadLength),
  };
}

function read(result: number, frame: () => Frame): Frame | DropReason {
  return result < 0 ? dropReasonOf(result) : frame();
}
