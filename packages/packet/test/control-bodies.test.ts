import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  canonicalEndpoint,
  decodeGoAway,
  decodePublish,
  encodeGoAway,
  encodePublish,
  encodePublishedPorts,
  isPublishName,
  MAX_GO_AWAY_BYTES,
  MAX_PUBLISH_BYTES,
  parseAddress,
  PUBLISH_BOUNDS,
  type AddressBlock,
  type GoAway,
  type PublishRequest,
} from '../src/index.js';
import { bytes, endpoints, nearly } from './arbitraries.js';
import { text } from './vectors/vectors.js';

/** The block of so many leading bits that an address lies in. */
function blockOf(address: string, bits: number): AddressBlock {
  const isIpv4 = !address.includes(':');
  const prefix = bits % (isIpv4 ? 33 : 129);
  const groups = isIpv4 ? address.split('.').map(Number) : groupsOf(address);
  const width = isIpv4 ? 8 : 16;
  const kept = groups.map((group, i) => {
    const behind = Math.min(width, Math.max(0, (i + 1) * width - prefix));
    return (group >> behind) << behind;
  });
  const whole = isIpv4 ? kept.join('.') : kept.map((group) => group.toString(16)).join(':');
  return { address: parseAddress(whole) ?? '', prefix };
}

function groupsOf(address: string): number[] {
  const [left = [], right = []] = address.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = Array<string>(8 - left.length - right.length).fill('0');
  return [...left, ...zeros, ...right].map((group) => Number.parseInt(group, 16));
}

const ipv6 = fc
  .array(fc.nat(0xffff), { minLength: 8, maxLength: 8 })
  // Nothing that could be IPv4-mapped.
  .map(([, ...groups]) => parseAddress([0x2001, ...groups].map((group) => group.toString(16)).join(':')) ?? '');
const blocks = fc.array(
  fc.tuple(fc.oneof(fc.ipV4(), ipv6), fc.nat()).map(([address, bits]) => blockOf(address, bits)),
  { minLength: 1, maxLength: 20 },
);
const integers = Object.fromEntries(
  Object.entries(PUBLISH_BOUNDS).map(([name, { least, most }]) => [name, fc.integer({ min: least, max: most })]),
);
const requests = fc.tuple(
  fc.record({ endpoint: endpoints, count: fc.constant(1) }),
  fc.record({ ...integers, allow: blocks, deny: blocks, name: fc.constantFrom('a', 'ü 遊') }, { requiredKeys: [] }),
);
const publishes = requests.map(([ports, entries]): PublishRequest => ({ ...ports, ...entries }));

describe('a publish request', () => {
  test('a publish request decodes to the request that was encoded', () => {
    fc.assert(
      fc.property(publishes, (request) => {
        const encoded = encodePublish(request);
        expect(encoded.length).toBeLessThanOrEqual(MAX_PUBLISH_BYTES);
        expect(text(decodePublish(encoded))).toBe(text({ ...request, unknown: [] }));
      }),
    );
  });

  test('a text is a name exactly if a publish request can carry it', () => {
    const ports = { endpoint: { address: '::', port: 1 }, count: 1 };
    const canCarry = (name: string): boolean => {
      try {
        return encodePublish({ ...ports, name }).length > 0;
      } catch {
        return false;
      }
    };
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 70 }), (name) => isPublishName(name) === canCarry(name)),
    );
    expect(['dns', 'n'.repeat(64), '', 'n'.repeat(65), 'a\nb'].map(isPublishName)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  test('a publish request without entries has the bytes that a former peer reads', () => {
    const ports = { endpoint: canonicalEndpoint({ address: '::', port: 7 }), count: 2 };
    expect(encodePublish(ports)).toEqual(encodePublishedPorts(ports));
  });

  test('a publish request that is cut anywhere is refused, or lacks whole entries', () => {
    fc.assert(
      fc.property(publishes, (request) => {
        const encoded = encodePublish(request);
        for (let end = 0; end < encoded.length; end++) {
          const decoded = decodePublish(encoded.subarray(0, end));
          if (typeof decoded === 'string') expect(decoded).toBe('truncated');
          else expect(encodePublish(decoded)).toEqual(encoded.slice(0, end));
        }
      }),
      { numRuns: 30 },
    );
  });

  test('bytes like a publish request are refused with a reason, or are a request that can be encoded', () => {
    fc.assert(
      fc.property(fc.oneof(bytes(200), nearly(publishes.map(encodePublish))), (input) => {
        const decoded = decodePublish(input);
        if (typeof decoded !== 'string')
          expect(text(decodePublish(encodePublish(decoded)))).toBe(text({ ...decoded, unknown: [] }));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a go-away request', () => {
  const names = fc.constantFrom('relay.example:7777', '192.0.2.1:1', '[2001:db8::1]:65535');
  const publicKey = fc.uint8Array({ minLength: 32, maxLength: 32 });
  const servers = fc.array(fc.record({ endpoint: names, publicKey }), { maxLength: 8 });
  const long = fc.record({ graceMs: fc.nat(), reason: fc.nat(255), servers });
  const goAways: fc.Arbitrary<GoAway> = fc.oneof(fc.record({ graceMs: fc.nat() }), long);

  test('a go-away request decodes to the request that was encoded', () => {
    fc.assert(
      fc.property(goAways, (goAway) => {
        const encoded = encodeGoAway(goAway);
        expect(encoded.length).toBeLessThanOrEqual(MAX_GO_AWAY_BYTES);
        expect(text(decodeGoAway(encoded))).toBe(text(goAway));
      }),
    );
  });

  test('bytes like a go-away request are refused with a reason, or are encoded to the same bytes', () => {
    fc.assert(
      fc.property(fc.oneof(bytes(200), nearly(goAways.map(encodeGoAway))), (input) => {
        const decoded = decodeGoAway(input);
        if (typeof decoded !== 'string') expect(encodeGoAway(decoded)).toEqual(input);
      }),
      { numRuns: 1000 },
    );
  });

  test('public keys of a go-away request are copies, even of a Buffer', () => {
    const server = { endpoint: 'a:1', publicKey: new Uint8Array(32).fill(5) };
    const input = Buffer.from(encodeGoAway({ graceMs: 1, reason: 2, servers: [server] }));
    const decoded = decodeGoAway(input);
    input.fill(0);
    expect(decoded).toEqual({ graceMs: 1, reason: 2, servers: [server] });
  });
});
