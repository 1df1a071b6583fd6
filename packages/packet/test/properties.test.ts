import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  decodeFrames,
  decodeProxiedDatagram,
  encodeFrames,
  encodeProxiedDatagram,
  frameType,
  nextFrame,
  packetType,
  PROXY_IPV6_BYTES,
  sizeFrame,
  SIZE_BYTES,
  UdpPacket,
  type Frame,
} from '../src/index.js';
import { bytes, endpoints, frames, nearly, udpPackets } from './arbitraries.js';
import { frameAsOracle, udpPacketAsOracle } from './oracle/as-oracle.js';
import { oracleFrames, oracleUdpPacket } from './oracle/oracle.js';
import { text } from './vectors/vectors.js';

const anyFrames = fc.array(frames, { maxLength: 5 });

describe('UdpPacket', () => {
  test('a UdpPacket deserialises to the packet that was serialised', () => {
    fc.assert(
      fc.property(udpPackets, (packet) => {
        const serialized = packet.serialize();
        expect(serialized).toHaveLength(packet.size);
        expect(UdpPacket.deserialize(serialized).equals(packet)).toBe(true);
      }),
    );
  });

  test('a UdpPacket is refused when it is cut anywhere or extended', () => {
    fc.assert(
      fc.property(udpPackets, (packet) => {
        const serialized = packet.serialize();
        for (let end = 0; end < serialized.length; end++) {
          expect(UdpPacket.tryDeserialize(serialized.subarray(0, end))).toBe('truncated');
        }
        expect(UdpPacket.tryDeserialize(Uint8Array.of(...serialized, 0))).toBe('trailing-bytes');
      }),
      { numRuns: 40 },
    );
  });

  test('UdpPacket reads bytes as the oracle does, and serialises accepted bytes to the same bytes', () => {
    const some = fc.oneof(bytes(60), nearly(udpPackets.map((packet) => packet.serialize())));
    fc.assert(
      fc.property(some, (input) => {
        const packet = UdpPacket.tryDeserialize(input);
        const accepted = typeof packet === 'string' ? undefined : packet;
        expect(text(accepted && udpPacketAsOracle(accepted))).toBe(text(oracleUdpPacket(input)));
        if (accepted !== undefined) expect(accepted.serialize()).toEqual(input);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('frames', () => {
  test('frames decode to the frames that were encoded', () => {
    fc.assert(fc.property(anyFrames, (some) => expect(text(decodeFrames(encodeFrames(some)))).toBe(text(some))));
  });

  test('frames that are cut anywhere are refused, or lack whole frames', () => {
    fc.assert(
      fc.property(frames, frames, (first, second) => {
        const encoded = encodeFrames([first, second]);
        const firstEnd = nextFrame(encoded, 0, encoded.length);
        for (let end = 0; end < firstEnd; end++) {
          expect(end === 0 || typeof decodeFrames(encoded.subarray(0, end)) === 'string').toBe(true);
        }
        expect(text(decodeFrames(encoded.subarray(0, firstEnd)))).toBe(text([first]));
      }),
      { numRuns: 60 },
    );
  });

  test('decodeFrames reads bytes as the oracle does', () => {
    const some = fc.oneof(bytes(60), nearly(anyFrames.map(encodeFrames)));
    fc.assert(
      fc.property(some, (input) => {
        const decoded = decodeFrames(input);
        const accepted = typeof decoded === 'string' ? undefined : decoded.map(frameAsOracle);
        expect(text(accepted)).toBe(text(oracleFrames(input)));
      }),
      { numRuns: 3000 },
    );
  });

  test('accepted frames encode to the same frames, in the forms that encodeFrames chooses', () => {
    const some = nearly(anyFrames.map(encodeFrames));
    fc.assert(
      fc.property(some, (input) => {
        const decoded = decodeFrames(input);
        fc.pre(typeof decoded !== 'string' && !decoded.some(losesBytes));
        expect(text(decodeFrames(encodeFrames(decoded)))).toBe(text(decoded));
      }),
      { numRuns: 1000 },
    );
  });

  test('sizeFrame gives a frame that ends a packet a length in place', () => {
    fc.assert(
      fc.property(bytes(), fc.integer({ min: 0, max: 20 }), (payload, offset) => {
        const last = encodeFrames([{ type: 'compact', flowId: 7, payload }]);
        const buffer = new Uint8Array(offset + SIZE_BYTES + last.length);
        buffer.set(last, offset + SIZE_BYTES);
        sizeFrame(buffer, offset, buffer.length);
        expect(nextFrame(buffer, offset, buffer.length)).toBe(buffer.length);
        expect(text(decodeFrames(buffer.subarray(offset)))).toBe(text([{ type: 'compact', flowId: 7, payload }]));
      }),
    );
  });

  test('nextFrame stays within the bounds for any bytes', () => {
    fc.assert(
      fc.property(bytes(60), fc.nat(60), fc.nat(60), (input, offset, end) => {
        const next = nextFrame(input, offset, Math.min(end, input.length));
        if (next < 0) return;
        expect(next).toBeGreaterThan(offset);
        expect(next).toBeLessThanOrEqual(Math.min(end, input.length));
        expect(frameType(input, offset)).toBeLessThan(0x80);
      }),
      { numRuns: 1000 },
    );
  });
});

test('packetType never throws, and depends on the first four bytes, the length and the counter alone', () => {
  fc.assert(
    fc.property(bytes(160), (input) => {
      const type = packetType(input, 0, input.length);
      expect(Number.isInteger(type) && type !== 0 && type <= 5).toBe(true);
      const other = Uint8Array.from(input, (byte, i) => (i < 4 || input[0] === 4 ? byte : byte ^ 0xff));
      expect(packetType(other, 0, other.length)).toBe(type);
    }),
    { numRuns: 1000 },
  );
});

describe('PROXY v2', () => {
  const ends = fc.option(fc.record({ source: endpoints, destination: endpoints }), { nil: undefined });
  const tlv = fc.record({ type: fc.integer({ min: 4, max: 255 }), value: bytes(20) });
  const datagrams = fc
    .record({ endpoints: ends, tlvs: fc.array(tlv, { maxLength: 3 }), payload: bytes() })
    .map((datagram) => (datagram.endpoints === undefined ? { ...datagram, tlvs: [] } : datagram));

  test('a datagram with a PROXY v2 header decodes to the datagram that was encoded', () => {
    fc.assert(
      fc.property(datagrams, (datagram) => {
        expect(text(decodeProxiedDatagram(encodeProxiedDatagram(datagram)))).toBe(text(datagram));
      }),
    );
  });

  test('a PROXY v2 header with a checksum and one flipped bit yields no endpoints, unless the bit removes the checksum', () => {
    const source = { address: '192.0.2.1', port: 1 };
    const destination = { address: '2001:db8::2', port: 2 };
    const tlvs = [{ type: 3, value: new Uint8Array(4) }];
    const encoded = encodeProxiedDatagram({ endpoints: { source, destination }, tlvs, payload: new Uint8Array() });
    const tlvType = PROXY_IPV6_BYTES;
    for (let bit = 0; bit < encoded.length * 8; bit++) {
      if (bit >> 3 === tlvType) continue;
      const flipped = encoded.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const decoded = decodeProxiedDatagram(flipped);
      expect(typeof decoded === 'string' || decoded.endpoints === undefined).toBe(true);
    }
  });

  test('decodeProxiedDatagram never throws on any bytes', () => {
    fc.assert(
      fc.property(nearly(datagrams.map(encodeProxiedDatagram)), (input) => {
        const decoded = decodeProxiedDatagram(input);
        if (typeof decoded !== 'string') expect(decoded.payload.length).toBeLessThanOrEqual(input.length - 16);
      }),
      { numRuns: 1000 },
    );
  });
});

/**
 * Padding is not kept, unknown parameters and what stands behind an unknown version are not either.
 */
function losesBytes(frame: Frame): boolean {
  return frame.type === 'parameters' && frame.version !== 1;
}
