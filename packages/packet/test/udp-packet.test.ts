import { describe, expect, test } from '@jest/globals';
import {
  decodeUdpPacket,
  encodeUdpPacketHeader,
  MAX_PAYLOAD_BYTES,
  packEndpoint,
  PACKED_ENDPOINT_BYTES,
  PacketError,
  UdpPacket,
  UdpPacketFields,
} from '../src/index.js';

const source = { address: '192.0.2.1', port: 50_000 };
const destination = { address: '2001:db8::7', port: 53 };
const payload = Uint8Array.of(1, 2, 3);

describe('UdpPacket.from', () => {
  test('UdpPacket.from makes addresses canonical, so that one host has one text', () => {
    const packet = UdpPacket.from({
      source: { address: '::ffff:192.0.2.1', port: 1 },
      destination: { address: '2001:DB8:0::7', port: 2 },
      payload,
    });
    expect([packet.source.address, packet.destination.address]).toEqual(['192.0.2.1', '2001:db8::7']);
  });

  test.each([
    ['no address', { source: { address: 'localhost', port: 1 } }, 'bad-endpoint'],
    ['a zone', { source: { address: 'fe80::1%eth0', port: 1 } }, 'bad-endpoint'],
    ['a port too large', { source: { address: '::1', port: 65_536 } }, 'bad-endpoint'],
    ['destination port 0', { destination: { address: '::1', port: 0 } }, 'bad-endpoint'],
    ['too much payload', { payload: new Uint8Array(MAX_PAYLOAD_BYTES + 1) }, 'too-large'],
    ['a timestamp before 1970', { timestampMs: -1 }, 'bad-value'],
    ['a timestamp beyond 2112', { timestampMs: 2 ** 52 / 1000 }, 'bad-value'],
    ['no number as timestamp', { timestampMs: Number.NaN }, 'bad-value'],
  ])('UdpPacket.from refuses %s with its reason', (_, wrong, reason) => {
    const attempt = () => UdpPacket.from({ source, destination, payload, ...wrong });
    expect(attempt).toThrow(PacketError);
    expect(attempt).toThrow(expect.objectContaining({ reason }));
  });

  test('UdpPacket.from keeps timestamps to the microsecond', () => {
    const packet = UdpPacket.from({ source, destination, payload, timestampMs: 1_700_000_000_000.1236 });
    expect(packet.timestampMs).toBe(1_700_000_000_000.124);
    expect(UdpPacket.deserialize(packet.serialize()).timestampMs).toBe(1_700_000_000_000.124);
  });
});

describe('UdpPacket', () => {
  test.each([0, 1, 1472, MAX_PAYLOAD_BYTES])('UdpPacket carries a payload of %d bytes', (length) => {
    const packet = UdpPacket.from({ source, destination, payload: new Uint8Array(length).fill(7) });
    const copy = UdpPacket.deserialize(packet.serialize());
    expect(copy.payload).toHaveLength(length);
    expect(copy.equals(packet)).toBe(true);
  });

  test.each([
    ['source', { source: { ...source, port: 1 } }],
    ['destination', { destination: { ...destination, port: 1 } }],
    ['payload', { payload: Uint8Array.of(1, 2, 4) }],
    ['length', { payload: Uint8Array.of(1, 2) }],
    ['timestamp', { timestampMs: 1 }],
  ])('UdpPacket differs from one with another %s', (_, change) => {
    const packet = UdpPacket.from({ source, destination, payload });
    expect(packet.equals(UdpPacket.from({ source, destination, payload, ...change }))).toBe(false);
  });

  test('UdpPacket.validate gives the reason why bytes are no packet', () => {
    const bytes = UdpPacket.from({ source, destination, payload }).serialize();
    expect(UdpPacket.validate(bytes)).toBeUndefined();
    expect(UdpPacket.validate(bytes.subarray(0, -1))).toBe('truncated');
  });

  test('UdpPacket is a plain object as JSON', () => {
    const packet = UdpPacket.from({ source, destination, payload, timestampMs: 5 });
    expect(JSON.parse(JSON.stringify(packet))).toEqual({ source, destination, payload: '010203', timestampMs: 5 });
  });

  test('UdpPacket serialises to bytes that no other packet writes to', () => {
    const packets = Array.from({ length: 500 }, (_, i) => {
      return UdpPacket.from({ source, destination, payload: new Uint8Array(i * 7).fill(i) });
    });
    const serialized = packets.map((packet) => packet.serialize());
    for (const [i, packet] of packets.entries()) {
      expect(UdpPacket.deserialize(serialized[i] ?? new Uint8Array()).equals(packet)).toBe(true);
    }
  });

  test('UdpPacket deserialises with a view of the payload, and throws the reason if it cannot', () => {
    const bytes = UdpPacket.from({ source, destination, payload }).serialize();
    expect(UdpPacket.deserialize(bytes).payload.buffer).toBe(bytes.buffer);
    expect(() => UdpPacket.deserialize(bytes.subarray(1))).toThrow(
      expect.objectContaining({ reason: 'unknown-version' }),
    );
  });
});

test('the header of a UdpPacket is encoded and decoded at any offset, and the bytes around it stay untouched', () => {
  const ends = { source: new Uint8Array(PACKED_ENDPOINT_BYTES), destination: new Uint8Array(PACKED_ENDPOINT_BYTES) };
  packEndpoint(source, ends.source, 0);
  packEndpoint(destination, ends.destination, 0);
  const bytes = new Uint8Array(100).fill(0xaa);
  const at = encodeUdpPacketHeader(bytes, 11, ends, payload.length);
  bytes.set(payload, at);
  const fields = new UdpPacketFields();
  expect(decodeUdpPacket(bytes, 11, at + payload.length, fields)).toBe(at + payload.length);
  expect([fields.source, fields.destination]).toEqual([ends.source, ends.destination]);
  expect([...bytes.subarray(0, 11), ...bytes.subarray(at + payload.length)].every((byte) => byte === 0xaa)).toBe(true);
});
