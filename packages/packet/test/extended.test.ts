import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  canonicalEndpoint,
  decodeExtended,
  dropCode,
  encodeExtendedHeader,
  ExtendedFields,
  extendedHeaderBytes,
  MAX_ADDRESSED_HEADER_BYTES,
  MAX_EXTENDED_HEADER_BYTES,
  MAX_PAYLOAD_BYTES,
  NO_NUMBER,
  NO_TRAFFIC_CLASS,
  packEndpoint,
  unpackEndpoint,
  type Endpoint,
} from '../src/index.js';
import { bytes, endpoints } from './arbitraries.js';

function headerWith(some: { number?: number; trafficClass?: number; source?: Endpoint | undefined }): ExtendedFields {
  const header = new ExtendedFields();
  header.flowId = 6;
  header.number = some.number ?? NO_NUMBER;
  header.trafficClass = some.trafficClass ?? NO_TRAFFIC_CLASS;
  header.hasSource = some.source !== undefined;
  if (some.source !== undefined) packEndpoint(some.source, header.source, 0);
  return header;
}

const full = headerWith({ number: 1, trafficClass: 2, source: { address: '2001:db8::1', port: 3 } });

describe('an extended datagram', () => {
  const headers = fc.record({
    number: fc.option(fc.nat(0xffff), { nil: NO_NUMBER }),
    trafficClass: fc.option(fc.nat(0xff), { nil: NO_TRAFFIC_CLASS }),
    source: fc.option(endpoints, { nil: undefined }),
  });

  test('an extended datagram decodes to the header and payload that were encoded', () => {
    fc.assert(
      fc.property(headers, bytes(), fc.nat(20), (some, payload, offset) => {
        const header = headerWith(some);
        const buffer = new Uint8Array(offset + extendedHeaderBytes(header) + payload.length);
        const at = encodeExtendedHeader(buffer, offset, header, payload.length);
        buffer.set(payload, at);
        const fields = headerWith({ number: 9, trafficClass: 9, source: { address: '192.0.2.9', port: 9 } });
        expect(decodeExtended(buffer, offset, buffer.length, fields)).toBe(buffer.length);
        expect(at).toBe(offset + extendedHeaderBytes(header));
        expect([fields.flowId, fields.number, fields.trafficClass]).toEqual([6, some.number, some.trafficClass]);
        expect([fields.payloadOffset, fields.payloadLength]).toEqual([at, payload.length]);
        expect(fields.hasSource ? unpackEndpoint(fields.source, 0) : undefined).toEqual(some.source);
      }),
    );
  });

  test('an extended datagram is refused when it is cut anywhere before its payload', () => {
    fc.assert(
      fc.property(headers, (some) => {
        const header = headerWith(some);
        const buffer = new Uint8Array(extendedHeaderBytes(header));
        encodeExtendedHeader(buffer, 0, header, 0);
        for (let end = 0; end < buffer.length; end++) {
          expect(decodeExtended(buffer, 0, end, new ExtendedFields())).toBe(dropCode('truncated'));
        }
      }),
      { numRuns: 40 },
    );
  });

  test('an extended datagram counts on without end: the lower 16 bits of its number are sent', () => {
    const buffer = new Uint8Array(20);
    const end = encodeExtendedHeader(buffer, 0, headerWith({ number: 0x1_0005 }), 0);
    const fields = new ExtendedFields();
    decodeExtended(buffer, 0, end, fields);
    expect(fields.number).toBe(5);
  });

  test('an extended datagram may hold the largest payload of UDP and no more', () => {
    const buffer = new Uint8Array(MAX_EXTENDED_HEADER_BYTES + MAX_PAYLOAD_BYTES + 1);
    expect(encodeExtendedHeader(buffer, 0, full, MAX_PAYLOAD_BYTES)).toBe(MAX_EXTENDED_HEADER_BYTES);
    expect(decodeExtended(buffer, 0, buffer.length - 1, new ExtendedFields())).toBe(buffer.length - 1);
    expect(decodeExtended(buffer, 0, buffer.length, new ExtendedFields())).toBe(dropCode('too-large'));
    expect(() => encodeExtendedHeader(buffer, 0, full, MAX_PAYLOAD_BYTES + 1)).toThrow(RangeError);
  });

  test('the longest header of an extended datagram is shorter than that of an addressed one', () => {
    expect(extendedHeaderBytes(full)).toBe(MAX_EXTENDED_HEADER_BYTES);
    expect(MAX_EXTENDED_HEADER_BYTES).toBeLessThan(MAX_ADDRESSED_HEADER_BYTES);
  });

  test('an extended datagram from port 0 is not encoded', () => {
    const header = headerWith({ source: canonicalEndpoint({ address: '192.0.2.1', port: 0 }) });
    expect(() => encodeExtendedHeader(new Uint8Array(99), 0, header, 0)).toThrow(RangeError);
  });
});
