import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { EndpointMap, formatEndpoint, packEndpoint, PACKED_ENDPOINT_BYTES, unpackEndpoint } from '../../src/index.js';

function packed(port: number): Uint8Array {
  const bytes = new Uint8Array(PACKED_ENDPOINT_BYTES);
  packEndpoint({ address: '192.0.2.1', port }, bytes, 0);
  return bytes;
}

describe('EndpointMap', () => {
  test('EndpointMap behaves like a Map of texts under any sequence of changes', () => {
    const change = fc.tuple(fc.constantFrom('set', 'delete', 'get'), fc.integer({ min: 0, max: 40 }));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 300 }), (changes) => {
        const map = new EndpointMap<number>();
        const model = new Map<string, number>();
        for (const [i, [kind, port]] of changes.entries()) {
          const text = `192.0.2.1:${port}`;
          if (kind === 'set') {
            map.set(packed(port), 0, i);
            model.set(text, i);
          } else if (kind === 'delete') {
            expect(map.delete(packed(port), 0)).toBe(model.delete(text));
          }
          expect(map.get(packed(port), 0)).toBe(model.get(text));
          expect(map.has(packed(port), 0)).toBe(model.has(text));
          expect(map.size).toBe(model.size);
        }
        const entries = [...map.entries()].map(
          ([key, value]) => [formatEndpoint(unpackEndpoint(key, 0)), value] as const,
        );
        expect(new Map(entries)).toEqual(model);
        expect([...map.values()].sort()).toEqual([...model.values()].sort());
      }),
    );
  });

  test('EndpointMap holds 20,000 endpoints, finds each at any offset of a buffer, and keeps the rest when most go', () => {
    const map = new EndpointMap<number>();
    for (let port = 0; port < 20_000; port++) map.set(packed(port), 0, port + 1);
    const buffer = new Uint8Array(7 + PACKED_ENDPOINT_BYTES);
    for (let port = 0; port < 20_000; port += 97) {
      buffer.set(packed(port), 7);
      expect(map.get(buffer, 7)).toBe(port + 1);
    }
    expect(map.get(packed(20_000), 0)).toBeUndefined();
    for (let port = 0; port < 19_990; port++) expect(map.delete(packed(port), 0)).toBe(true);
    expect([...map.values()].sort()).toEqual([19991, 19992, 19993, 19994, 19995, 19996, 19997, 19998, 19999, 20000]);
    expect(map.get(packed(19_995), 0)).toBe(19_996);
    map.clear();
    expect(map.size).toBe(0);
    expect(map.get(packed(1), 0)).toBeUndefined();
  });
});
