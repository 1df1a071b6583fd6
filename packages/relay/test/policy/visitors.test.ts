import { describe, expect, test } from '@jest/globals';
import { DROP, packEndpoint, PACKED_ENDPOINT_BYTES } from '@relay/packet';
import { addressRange, Visitors, type VisitorRules } from '../../src/index.js';

const block = (address: string, prefix: number) => addressRange({ address, prefix });
const zeros = (bytes: Uint8Array): void => void bytes.fill(0);

function source(address: string, port = 4000): Uint8Array {
  const bytes = new Uint8Array(PACKED_ENDPOINT_BYTES);
  packEndpoint({ address, port }, bytes, 0);
  return bytes;
}

const visitorsBy = (rules: VisitorRules): Visitors => new Visitors(zeros, rules);

/** How many of `count` datagrams of a stranger pass at one moment. */
function passing(visitors: Visitors, from: Uint8Array, count: number, nowMs = 0, hasFlow = false): number {
  let passed = 0;
  for (let i = 0; i < count; i++) if (visitors.charge(from, 0, 100, hasFlow, nowMs) === 0) passed++;
  return passed;
}

describe('the networks of sources', () => {
  test.each([
    ['no rule', {}, '203.0.113.1', 0],
    ['a network that is allowed', { allow: [block('203.0.113.0', 24)] }, '203.0.113.1', 0],
    ['another network', { allow: [block('203.0.113.0', 24)] }, '198.51.100.1', DROP.deniedByPolicy],
    ['a network that is denied', { deny: [block('203.0.113.0', 24)] }, '203.0.113.1', DROP.deniedByPolicy],
    ['a network beside one that is denied', { deny: [block('203.0.113.0', 24)] }, '203.0.114.1', 0],
    [
      'a denied network within an allowed one',
      { allow: [block('203.0.0.0', 16)], deny: [block('203.0.113.0', 24)] },
      '203.0.113.1',
      DROP.deniedByPolicy,
    ],
    ['IPv4 where all of IPv6 is allowed', { allow: [block('::', 0)] }, '203.0.113.1', DROP.deniedByPolicy],
    ['IPv6 where a block of it is allowed', { allow: [block('2001:db8::', 32)] }, '2001:db8::1', 0],
    ['nothing at all where the list is empty', { allow: [] }, '203.0.113.1', DROP.deniedByPolicy],
  ])('%s', (_what, rules, address, code) => {
    expect(visitorsBy(rules).charge(source(address), 0, 100, false, 0)).toBe(code);
  });

  test('are judged for a source without a flow only', () => {
    const visitors = visitorsBy({ deny: [block('203.0.113.0', 24)] });
    expect(visitors.charge(source('203.0.113.1'), 0, 100, true, 0)).toBe(0);
  });
});

describe('the rate of a mapping', () => {
  test('bounds the datagrams of all sources together', () => {
    const visitors = visitorsBy({ maxPps: 10 });
    expect(passing(visitors, source('203.0.113.1'), 8)).toBe(8);
    expect(passing(visitors, source('203.0.113.2'), 8)).toBe(2);
    expect(passing(visitors, source('203.0.113.1'), 8, 500)).toBe(5);
  });

  test('bounds their bits, and takes the largest datagram however low it is', () => {
    const visitors = visitorsBy({ maxBps: 8 });
    const [from, largest] = [source('203.0.113.1'), 65_507];
    expect(visitors.charge(from, 0, largest, true, 0)).toBe(0);
    expect(visitors.charge(from, 0, largest, true, 1000)).toBe(DROP.rateLimited);
    expect(visitors.charge(from, 0, largest, true, largest * 1000)).toBe(0);
  });

  test('is not used up by a source that exceeds its own', () => {
    const visitors = visitorsBy({ maxPps: 10, visitorPps: 5 });
    expect(passing(visitors, source('203.0.113.1'), 100)).toBe(5);
    expect(passing(visitors, source('2001:db8::1'), 100)).toBe(5);
  });
});

describe('the rate of a source', () => {
  test('counts all ports of an IPv4 address, and no other address', () => {
    const visitors = visitorsBy({ visitorPps: 10 });
    for (const address of ['203.0.113.1', '203.0.113.2']) visitors.opened(source(address), 0);
    expect(passing(visitors, source('203.0.113.1', 1), 6, 0, true)).toBe(6);
    expect(passing(visitors, source('203.0.113.1', 2), 6, 0, true)).toBe(3);
    expect(passing(visitors, source('203.0.113.2'), 6, 0, true)).toBe(6);
  });

  test('counts a /64 of IPv6 as one source', () => {
    const visitors = visitorsBy({ visitorPps: 10 });
    for (const address of ['2001:db8::1', '2001:db8:0:1::1']) visitors.opened(source(address), 0);
    expect(passing(visitors, source('2001:db8::1'), 6, 0, true)).toBe(6);
    expect(passing(visitors, source('2001:db8::ffff:1'), 6, 0, true)).toBe(3);
    expect(passing(visitors, source('2001:db8:0:1::1'), 6, 0, true)).toBe(6);
  });

  test('of one with a flow is its own, however many strangers come', () => {
    const visitors = visitorsBy({ visitorPps: 10 });
    const known = source('203.0.113.1');
    visitors.opened(known, 0);
    for (let i = 0; i < 100_000; i++)
      visitors.charge(source(`10.${i >> 16}.${(i >> 8) & 0xff}.${i & 0xff}`), 0, 9, false, 0);
    expect(passing(visitors, known, 20, 0, true)).toBe(9);
    expect(visitors.count).toBe(1);
  });

  test('of strangers comes from a table of fixed size', () => {
    const visitors = visitorsBy({ visitorPps: 1 });
    let passed = 0;
    for (let i = 0; i < 50_000; i++) {
      const from = source(`10.${i >> 16}.${(i >> 8) & 0xff}.${i & 0xff}`);
      if (visitors.charge(from, 0, 9, false, 0) === 0) passed++;
    }
    expect(passed).toBeLessThanOrEqual(1024);
    expect(passed).toBeGreaterThan(900);
  });
});

describe('the flows of a source', () => {
  test('are bounded for all its ports, and free again when they end', () => {
    const visitors = visitorsBy({ visitorFlows: 2 });
    const [one, two] = [source('203.0.113.1', 1), source('203.0.113.1', 2)];
    visitors.opened(one, 0);
    expect(visitors.hasRoom(two, 0)).toBe(true);
    visitors.opened(two, 0);
    expect(visitors.hasRoom(source('203.0.113.1', 3), 0)).toBe(false);
    expect(visitors.hasRoom(source('203.0.113.2', 3), 0)).toBe(true);
    visitors.closed(one);
    expect(visitors.hasRoom(source('203.0.113.1', 3), 0)).toBe(true);
    visitors.closed(two);
    expect(visitors.count).toBe(0);
  });

  test('that ended before are nothing to it', () => {
    const visitors = visitorsBy({ visitorFlows: 1 });
    visitors.closed(source('203.0.113.1'));
    expect(visitors.hasRoom(source('203.0.113.1'), 0)).toBe(true);
    expect(visitors.count).toBe(0);
  });
});

test('rules that change hold at once, for sources with flows too', () => {
  const visitors = visitorsBy({ visitorPps: 1 });
  const from = source('203.0.113.1');
  visitors.opened(from, 0);
  expect(passing(visitors, from, 5, 1000, true)).toBe(1);
  visitors.rules = { visitorPps: 3 };
  expect(passing(visitors, from, 5, 0, true)).toBe(3);
  visitors.rules = {};
  expect(passing(visitors, from, 5, 0, true)).toBe(5);
});
