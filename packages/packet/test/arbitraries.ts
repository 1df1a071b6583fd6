/** Random values of the protocol, for property tests. */
import fc from 'fast-check';
import {
  canonicalEndpoint,
  FIRST_SKIPPABLE_FRAME,
  FLOW_SETTING_BOUNDS,
  fragmentStart,
  PARAMETER_BOUNDS,
  UdpPacket,
  type Endpoint,
  type Frame,
} from '../src/index.js';

const u8 = fc.integer({ min: 0, max: 0xff });
const u32 = fc.oneof(
  fc.integer({ min: 0, max: 0xffff_ffff }),
  fc.constantFrom(0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff),
);
const u53 = fc.maxSafeNat();

export const bytes = (maxLength = 40) => fc.uint8Array({ maxLength });
const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

export const endpoints: fc.Arbitrary<Endpoint> = fc
  .tuple(fc.oneof(fc.ipV4(), fc.ipV6()), fc.integer({ min: 1, max: 0xffff }))
  .map(([address, port]) => canonicalEndpoint({ address, port }));

export const udpPackets: fc.Arbitrary<UdpPacket> = fc
  .record({
    source: endpoints,
    destination: endpoints,
    payload: bytes(),
    timestampUs: fc.option(fc.integer({ min: 0, max: 2 ** 52 - 1 }), { nil: undefined }),
  })
  .map(({ timestampUs, ...init }) => {
    return UdpPacket.from({ ...init, timestampMs: timestampUs === undefined ? undefined : timestampUs / 1000 });
  });

const fragments: fc.Arbitrary<Frame> = fc
  .tuple(
    u32,
    fc.integer({ min: 2, max: 255 }),
    fc.integer({ min: 1, max: 12 }),
    fc.nat(),
    fc.nat(),
    fc.uint8Array({ minLength: 12, maxLength: 12 }),
  )
  .map(([id, count, length, shorter, at, source]) => {
    // The last piece is shorter than the others, but not empty.
    const total = count * length - (shorter % length);
    const pieces = Math.ceil(total / Math.ceil(total / count));
    const index = at % pieces;
    const pieceLength = fragmentStart(total, pieces, index + 1) - fragmentStart(total, pieces, index);
    return { type: 'fragment', id, total, index, count: pieces, piece: source.slice(0, pieceLength) };
  });

const parameter = (name: keyof typeof PARAMETER_BOUNDS) => {
  const { least, most } = PARAMETER_BOUNDS[name];
  return fc.option(fc.integer({ min: least, max: most }), { nil: undefined });
};

const setting = (name: keyof typeof FLOW_SETTING_BOUNDS) => {
  const { least, most } = FLOW_SETTING_BOUNDS[name];
  return fc.option(fc.integer({ min: least, max: most }), { nil: undefined });
};

export const frames: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({ type: fc.constant('padding' as const), length: fc.nat(20) }),
  fc.record({ type: fc.constant('compact' as const), flowId: u32, payload: bytes() }),
  fc.record({
    type: fc.constant('extended' as const),
    flowId: u32,
    number: fc.option(fc.nat(0xffff), { nil: undefined }),
    trafficClass: fc.option(u8, { nil: undefined }),
    source: fc.option(endpoints, { nil: undefined }),
    payload: bytes(),
  }),
  fc.record({ type: fc.constant('addressed' as const), flowId: u32, packet: udpPackets }),
  fragments,
  fc.record({ type: fc.constantFrom('flowAcknowledge' as const, 'flowUnknown' as const), flowId: u32 }),
  fc.record({ type: fc.constant('flowClose' as const), flowId: u32, reason: u8 }),
  fc.record({
    type: fc.constant('flowSettings' as const),
    flowId: u32,
    answers: setting('answers'),
    idleMs: setting('idleMs'),
    trafficClass: setting('trafficClass'),
    socket: setting('socket'),
    redundancy: setting('redundancy'),
    maxAgeMs: setting('maxAgeMs'),
    replies: setting('replies'),
    requests: setting('requests'),
  }),
  fc.record({ type: fc.constant('ping' as const), token: bytesOf(8), timeUs: u53 }),
  fc.record({ type: fc.constant('pong' as const), token: bytesOf(8), timeUs: u53, delayUs: u32, observed: endpoints }),
  fc.record({
    type: fc.constant('report' as const),
    index: u32,
    received: u53,
    highest: u53,
    jitterUs: u32,
    roundTripUs: u32,
  }),
  fc.record({
    type: fc.constant('parameters' as const),
    version: fc.constant(1),
    maxPacketBytes: parameter('maxPacketBytes'),
    maxReassemblyBytes: parameter('maxReassemblyBytes'),
    maxFlows: parameter('maxFlows'),
    flowIdleMs: parameter('flowIdleMs'),
    sessionIdleMs: parameter('sessionIdleMs'),
    features: parameter('features'),
  }),
  fc.record({ type: fc.constant('close' as const), reason: u8 }),
  fc.record({ type: fc.constant('request' as const), id: u32, kind: u8, body: bytes() }),
  fc.record({ type: fc.constant('answer' as const), id: u32, kind: u8, status: u8, body: bytes() }),
  fc.record({
    type: fc.constant('skipped' as const),
    number: fc.integer({ min: FIRST_SKIPPABLE_FRAME, max: 0x7f }),
    body: bytes(),
  }),
);

/** Bytes that differ little from good ones: some replaced, some cut off, some appended. */
export function nearly(good: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const change = fc.tuple(fc.nat(), u8);
  return fc
    .tuple(good, fc.array(change, { maxLength: 4 }), fc.oneof(fc.constant(0), fc.nat(20)), bytes(3))
    .map(([base, changes, cut, more]) => {
      const changed = new Uint8Array(Math.max(0, base.length - cut) + more.length);
      changed.set(base.subarray(0, changed.length - more.length));
      changed.set(more, changed.length - more.length);
      for (const [at, value] of changes) if (changed.length > 0) changed[at % changed.length] = value;
      return changed;
    });
}
