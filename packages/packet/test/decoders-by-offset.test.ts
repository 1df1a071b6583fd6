import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  addressedHeaderBytes,
  AddressedFields,
  AnswerFields,
  CloseFields,
  decodeAddressed,
  decodeAnswer,
  decodeClose,
  decodeCookieReply,
  decodeExtended,
  decodeFlowAcknowledge,
  decodeFlowClose,
  decodeFlowSettings,
  decodeFlowUnknown,
  decodeFragment,
  decodeFrames,
  decodeInitiation,
  decodeNotice,
  decodeParameters,
  decodePing,
  decodePong,
  decodeReport,
  decodeRequest,
  decodeResponse,
  dropCode,
  dropReasonOf,
  encodeAddressedHeader,
  encodeFrames,
  encodeNoticeContent,
  ExtendedFields,
  FlowCloseFields,
  FlowFields,
  FlowSettings,
  FRAME,
  FragmentFields,
  frameType,
  MIN_TRANSPORT_BYTES,
  nextFrame,
  NOTICE,
  NOTICE_CONTENT_OFFSET,
  noticeKind,
  PACKED_ENDPOINT_BYTES,
  packEndpoint,
  PingFields,
  PongFields,
  ReportFields,
  RequestFields,
  SessionParameters,
  unpackEndpoint,
  type Endpoint,
} from '../src/index.js';
import { bytes, endpoints, frames, nearly } from './arbitraries.js';

type Decode = (bytes: Uint8Array, offset: number, end: number) => number;

const decoders: Readonly<Record<number, Decode>> = {
  [FRAME.addressed]: (...at) => decodeAddressed(...at, new AddressedFields()),
  [FRAME.extended]: (...at) => decodeExtended(...at, new ExtendedFields()),
  [FRAME.fragment]: (...at) => decodeFragment(...at, new FragmentFields()),
  [FRAME.flowAcknowledge]: (...at) => decodeFlowAcknowledge(...at, new FlowFields()),
  [FRAME.flowClose]: (...at) => decodeFlowClose(...at, new FlowCloseFields()),
  [FRAME.flowUnknown]: (...at) => decodeFlowUnknown(...at, new FlowFields()),
  [FRAME.flowSettings]: (...at) => decodeFlowSettings(...at, new FlowSettings()),
  [FRAME.ping]: (...at) => decodePing(...at, new PingFields()),
  [FRAME.pong]: (...at) => decodePong(...at, new PongFields()),
  [FRAME.report]: (...at) => decodeReport(...at, new ReportFields()),
  [FRAME.parameters]: (...at) => decodeParameters(...at, new SessionParameters()),
  [FRAME.close]: (...at) => decodeClose(...at, new CloseFields()),
  [FRAME.request]: (...at) => decodeRequest(...at, new RequestFields()),
  [FRAME.answer]: (...at) => decodeAnswer(...at, new AnswerFields()),
};

describe('each decoder of a frame by offset', () => {
  test('each decoder of a frame by offset agrees with decodeFrames on unchecked bytes at any offset', () => {
    const input = fc.oneof(bytes(60), nearly(frames.map((frame) => encodeFrames([frame]))));
    fc.assert(
      fc.property(input, fc.nat(9), (frame, offset) => {
        const buffer = new Uint8Array(offset + frame.length + 3).fill(0x81);
        buffer.set(frame, offset);
        const end = offset + frame.length;
        const next = nextFrame(buffer, offset, end);
        const type = frameType(buffer, offset);
        const decoded = decodeFrames(frame.subarray(0, Math.max(0, next - offset)));
        for (const [decoderType, decode] of Object.entries(decoders)) {
          const result = decode(buffer, offset, end);
          if (next < 0) expect(result).toBe(next);
          else if (Number(decoderType) !== type) expect(result).toBe(dropCode('unknown-frame'));
          else expect(result < 0 ? dropReasonOf(result) : result).toBe(typeof decoded === 'string' ? decoded : next);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

test('an addressed datagram decodes to the endpoints and payload that were encoded', () => {
  fc.assert(
    fc.property(endpoints, endpoints, bytes(), fc.nat(20), (source, destination, payload, offset) => {
      const both = { source: packed(source), destination: packed(destination) };
      const length = addressedHeaderBytes(both) + payload.length;
      const buffer = new Uint8Array(offset + length);
      const at = encodeAddressedHeader(buffer, offset, 6, both, payload.length);
      buffer.set(payload, at);
      const fields = new AddressedFields();
      expect(decodeAddressed(buffer, offset, buffer.length, fields)).toBe(buffer.length);
      expect([fields.flowId, fields.payloadOffset, fields.payloadLength]).toEqual([6, at, payload.length]);
      expect([unpackEndpoint(fields.source, 0), unpackEndpoint(fields.destination, 0)]).toEqual([source, destination]);
    }),
  );
});

test.each([
  ['decodeInitiation', decodeInitiation],
  ['decodeResponse', decodeResponse],
  ['decodeCookieReply', decodeCookieReply],
  ['decodeNotice', decodeNotice],
])('%s names why bytes are not a packet of its type', (_, decode) => {
  const transport = new Uint8Array(MIN_TRANSPORT_BYTES);
  transport[0] = 4;
  expect(decode(transport)).toBe('unknown-type');
  expect(decode(new Uint8Array(2))).toBe('truncated');
});

test('fields that a decoder fills in are copies, even of a Buffer', () => {
  const observed = { address: '192.0.2.1', port: 9 };
  const pong = { type: 'pong' as const, token: new Uint8Array(8).fill(5), timeUs: 1, delayUs: 2, observed };
  const buffer = Buffer.from(encodeFrames([pong]));
  const readPong = new PongFields();
  decodePong(buffer, 0, buffer.length, readPong);
  buffer.fill(0xff);
  expect(readPong.token).toEqual(pong.token);
  expect(unpackEndpoint(readPong.observed, 0)).toEqual(observed);
});

function packed(endpoint: Endpoint): Uint8Array {
  const packedEndpoint = new Uint8Array(PACKED_ENDPOINT_BYTES);
  packEndpoint(endpoint, packedEndpoint, 0);
  return packedEndpoint;
}

test('the content of a notice is told by its kind, and refused with other kinds, bytes or lengths', () => {
  const timestamp = Uint8Array.from({ length: 12 }, (_, i) => i + 1);
  for (const kind of Object.values(NOTICE)) {
    const content = encodeNoticeContent(kind, timestamp);
    expect(noticeKind(content)).toBe(kind);
    expect(content.subarray(NOTICE_CONTENT_OFFSET.timestamp)).toEqual(timestamp);
  }
  for (const kind of [0, 5, 255])
    expect(dropReasonOf(noticeKind(encodeNoticeContent(kind, timestamp)))).toBe('bad-value');
  for (const at of [1, 2, 3]) {
    const content = encodeNoticeContent(NOTICE.wake, timestamp);
    content[at] = 1;
    expect(dropReasonOf(noticeKind(content))).toBe('reserved-bits');
  }
  expect(dropReasonOf(noticeKind(new Uint8Array(15)))).toBe('truncated');
  expect(dropReasonOf(noticeKind(new Uint8Array(17)))).toBe('trailing-bytes');
});
