import { describe, expect, test } from '@jest/globals';
import {
  encodeAddressedHeader,
  encodeAnswer,
  encodeClose,
  encodeCompactHeader,
  encodeCookieReply,
  encodeExtendedHeader,
  encodeFlowAcknowledge,
  encodeFlowClose,
  encodeFlowSettings,
  encodeFlowUnknown,
  encodeFragmentHeader,
  encodeFrames,
  encodeGoAway,
  encodeInitiation,
  encodeLocalProxyHeader,
  encodeName,
  encodeNotice,
  encodeNoticeContent,
  encodeNoticeHeader,
  encodePadding,
  encodeParameters,
  encodePing,
  encodePong,
  encodeProxiedDatagram,
  encodeProxyHeader,
  encodeSimpleProxyHeader,
  encodePublish,
  encodePublishedPorts,
  encodeRefusedPort,
  encodeReport,
  encodeRequest,
  encodeResolvedName,
  encodeSizedFrameHeader,
  encodeTransportHeader,
  encodeUdpPacketHeader,
  ExtendedFields,
  FLOW_SETTING_BOUNDS,
  FlowSettings,
  FRAME,
  NOTICE,
  NOTICE_BYTES,
  PACKED_ENDPOINT_BYTES,
  packEndpoint,
  PacketError,
  PUBLISH_BOUNDS,
  ReportFields,
  SessionParameters,
} from '../src/index.js';

const endpoint = new Uint8Array(PACKED_ENDPOINT_BYTES);
packEndpoint({ address: '192.0.2.1', port: 9 }, endpoint, 0);
const endpoints = { source: endpoint, destination: endpoint };
const extended = Object.assign(new ExtendedFields(), { number: 1, trafficClass: 2, hasSource: true });
extended.source.set(endpoint);
const token = new Uint8Array(16);
const ports = { endpoint: { address: '::', port: 1 }, count: 1 };
const server = { endpoint: 'relay.example:7777', publicKey: new Uint8Array(32) };
const longEndpoint = `${'a.'.repeat(120)}b:65535`;
const nonce = new Uint8Array(24);
const parameters = withParameters({ maxFlows: 1 });

/** The other fields of a notice are written by its sealer. */
const noticeHeader = (bytes: Uint8Array): number => {
  encodeNoticeHeader(bytes, 0, 1);
  return NOTICE_BYTES;
};

/** Each encoder, with what it returns where the room is enough. */
const encoders: readonly [string, (bytes: Uint8Array) => number][] = [
  ['encodeTransportHeader', (bytes) => encodeTransportHeader(bytes, 0, 1, 2)],
  ['encodeNoticeHeader', noticeHeader],
  ['encodeCompactHeader', (bytes) => encodeCompactHeader(bytes, 0, 1)],
  ['encodeExtendedHeader', (bytes) => encodeExtendedHeader(bytes, 0, extended, 10) + 10],
  ['encodeAddressedHeader', (bytes) => encodeAddressedHeader(bytes, 0, 1, endpoints, 10) + 10],
  ['encodeUdpPacketHeader', (bytes) => encodeUdpPacketHeader(bytes, 0, endpoints, 10, 5) + 10],
  ['encodeFragmentHeader', (bytes) => encodeFragmentHeader(bytes, 0, { id: 1, total: 20, index: 1, count: 3 }) + 7],
  ['encodeFlowAcknowledge', (bytes) => encodeFlowAcknowledge(bytes, 0, 1)],
  ['encodeFlowUnknown', (bytes) => encodeFlowUnknown(bytes, 0, 1)],
  ['encodeFlowClose', (bytes) => encodeFlowClose(bytes, 0, 1, 2)],
  ['encodeFlowSettings', (bytes) => encodeFlowSettings(bytes, 0, withSettings({ answers: 1, replies: 2 }))],
  ['encodePing', (bytes) => encodePing(bytes, 0, token, 0, 1)],
  ['encodePong', (bytes) => encodePong(bytes, 0, { token, timeUs: 1 }, 2, endpoint)],
  ['encodeReport', (bytes) => encodeReport(bytes, 0, new ReportFields())],
  ['encodeParameters', (bytes) => encodeParameters(bytes, 0, parameters)],
  ['encodeClose', (bytes) => encodeClose(bytes, 0, 1)],
  ['encodeRequest', (bytes) => encodeRequest(bytes, 0, 1, 2, token)],
  ['encodeAnswer', (bytes) => encodeAnswer(bytes, 0, 1, { kind: 2, status: 3, body: token })],
  ['encodePadding', (bytes) => encodePadding(bytes, 0, 30)],
  ['encodeProxyHeader', (bytes) => encodeProxyHeader(bytes, 0, endpoints)],
  ['encodeLocalProxyHeader', (bytes) => encodeLocalProxyHeader(bytes, 0)],
  ['encodeSimpleProxyHeader', (bytes) => encodeSimpleProxyHeader(bytes, 0, endpoints)],
];

test.each(encoders)(
  '%s fills the bytes up to the offset it returns, and throws instead of writing past the end',
  (_, encode) => {
    const end = encode(new Uint8Array(200));
    expect(encode(new Uint8Array(end))).toBe(end);
    const short = new Uint8Array(end - 1);
    expect(() => encode(short)).toThrow(expect.objectContaining({ name: 'RangeError' }));
  },
);

describe('input that cannot be encoded is refused with a RangeError', () => {
  const source = { address: '192.0.2.1', port: 1 };
  const destination = { address: '192.0.2.2', port: 2 };
  const payload = new Uint8Array();
  test.each<[string, () => unknown]>([
    [
      'a frame longer than its length can say',
      () => encodeSizedFrameHeader(new Uint8Array(70_000), 0, FRAME.request, 65_536),
    ],
    ['a payload too large for UDP', () => encodeUdpPacketHeader(new Uint8Array(70_000), 0, endpoints, 65_508)],
    [
      'a parameter that is no 32-bit integer',
      () => encodeParameters(new Uint8Array(99), 0, withParameters({ maxFlows: 2 ** 32 })),
    ],
    ...Object.entries(FLOW_SETTING_BOUNDS).flatMap(([name, { least, most }]) =>
      [least - 1, most + 1, 0.5, Number.NaN].map((value): [string, () => unknown] => [
        `the setting ${name} of ${value}`,
        () => encodeFlowSettings(new Uint8Array(99), 0, withSettings({ [name]: value })),
      ]),
    ),
    [
      'an ephemeral key of another length',
      () =>
        encodeInitiation({
          senderIndex: 1,
          ephemeral: token,
          encryptedStatic: token,
          encryptedTimestamp: token,
          mac1: token,
          mac2: token,
        }),
    ],
    ['a nonce of another length', () => encodeCookieReply({ receiverIndex: 1, nonce: token, encryptedCookie: token })],
    ['a sealed notice of another length', () => encodeNotice({ receiverIndex: 1, nonce, sealedNotice: token })],
    ['a timestamp of another length', () => encodeNoticeContent(NOTICE.wake, token)],
    ['ports beyond the last', () => encodePublishedPorts({ endpoint: { address: '::', port: 65_535 }, count: 2 })],
    ['a name that is none', () => encodeName('a b')],
    ['seventeen addresses', () => encodeResolvedName({ ttlMs: 1, addresses: Array<string>(17).fill('::1') })],
    ...Object.entries(PUBLISH_BOUNDS).flatMap(([name, { least, most }]) =>
      [least - 1, most + 1, 0.5, Number.NaN].map((value): [string, () => unknown] => [
        `a publish request with ${name} of ${value}`,
        () => encodePublish({ ...ports, [name]: value }),
      ]),
    ),
    ...['', 'a\nb', 'n'.repeat(65), '\u{1f600}'.repeat(17), '\ud83d', '\u202e'].map((name): [string, () => unknown] => [
      `a publish request with the name ${JSON.stringify(name)}`,
      () => encodePublish({ ...ports, name }),
    ]),
    ...[
      ['10.0.0.0', 33],
      ['10.0.0.0', -1],
      ['10.0.0.0', 8.5],
      ['10.0.0.1', 8],
      ['::ffff:10.0.0.0', 104],
      ['2001:db8::', 129],
      ['2001:db8::1', 127],
      ['fe80::1%3', 128],
      ['relay.example', 8],
    ].map(([address, prefix]): [string, () => unknown] => [
      `a publish request for ${address}/${prefix}`,
      () => encodePublish({ ...ports, deny: [{ address: String(address), prefix: Number(prefix) }] }),
    ]),
    ['a publish request that allows nobody', () => encodePublish({ ...ports, allow: [] })],
    [
      'a publish request that has no room in a packet',
      () => encodePublish({ ...ports, allow: Array(300).fill({ address: '192.0.2.0', prefix: 24 }) }),
    ],
    ['a publish request without ports', () => encodePublish({ ...ports, count: 0 })],
    ['a refused port of 0', () => encodeRefusedPort(0)],
    ['a refused port of 65,536', () => encodeRefusedPort(65_536)],
    ['servers to go to without a reason', () => encodeGoAway({ graceMs: 1, servers: [server] })],
    ['nine servers to go to', () => encodeGoAway({ graceMs: 1, reason: 2, servers: Array(9).fill(server) })],
    [
      'servers to go to that have no room together',
      () => encodeGoAway({ graceMs: 1, reason: 2, servers: Array(5).fill({ ...server, endpoint: longEndpoint }) }),
    ],
    [
      'a server whose name is longer than its length can say',
      () => encodeGoAway({ graceMs: 1, reason: 2, servers: [{ ...server, endpoint: `a.a.a.a.a.${longEndpoint}` }] }),
    ],
    [
      'a server to go to without a port',
      () => encodeGoAway({ graceMs: 1, reason: 2, servers: [{ ...server, endpoint: 'relay.example' }] }),
    ],
    [
      'a server to go to whose key has another length',
      () => encodeGoAway({ graceMs: 1, reason: 2, servers: [{ ...server, publicKey: token }] }),
    ],
    ['an address with a zone', () => encodeResolvedName({ ttlMs: 1, addresses: ['fe80::1%3'] })],
    [
      'a checksum of 3 bytes',
      () =>
        encodeProxiedDatagram({
          endpoints: { source, destination },
          tlvs: [{ type: 3, value: new Uint8Array(3) }],
          payload,
        }),
    ],
    [
      'TLVs too long for the header',
      () =>
        encodeProxiedDatagram({
          endpoints: { source, destination },
          tlvs: [{ type: 5, value: new Uint8Array(65_535) }],
          payload,
        }),
    ],
  ])('an encoder refuses %s with a RangeError', (_, attempt) => {
    expect(attempt).toThrow(expect.objectContaining({ name: 'RangeError' }));
  });
});

test('encodeFrames refuses a fragment whose piece has another length, with the reason bad-fragment', () => {
  const attempt = () => encodeFrames([{ type: 'fragment', id: 1, total: 20, index: 0, count: 2, piece: token }]);
  expect(attempt).toThrow(PacketError);
  expect(attempt).toThrow('bad-fragment');
});

function withSettings(some: Partial<FlowSettings>): FlowSettings {
  return Object.assign(new FlowSettings(), some);
}

function withParameters(some: Partial<SessionParameters>): SessionParameters {
  return Object.assign(new SessionParameters(), some);
}
