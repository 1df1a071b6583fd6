import { describe, expect, test } from '@jest/globals';
import { packEndpoint, PACKED_ENDPOINT_BYTES } from '@relay/packet';
import fc from 'fast-check';
import { BALANCES, newBalance, type BalanceName } from '../../src/balance/balance.js';
import type { Balance, Candidate } from '../../src/balance/candidate.js';
import { hashEndpoint } from '../../src/balance/hash-endpoint.js';
import { seededRandom } from '../../src/balance/random.js';

/** So many that 5 % of a quarter of them are three standard deviations. */
const SOURCES = 10_000;

function packed(address: string, port: number): Uint8Array {
  const bytes = new Uint8Array(PACKED_ENDPOINT_BYTES);
  packEndpoint({ address, port }, bytes, 0);
  return bytes;
}

class Upstream implements Candidate {
  flowCount = 0;
  credit = 0;
  readonly hash: number;
  readonly weight: number;

  constructor(weight: number, i: number) {
    this.weight = weight;
    this.hash = hashEndpoint(packed(`10.0.0.${i + 1}`, 53), true);
  }
}

const upstreams = (...weights: number[]): Upstream[] => weights.map((weight, i) => new Upstream(weight, i));
const equal = (count: number): Upstream[] => upstreams(...new Array<number>(count).fill(1));

/** Sources as networks have them: neighbouring addresses, and ports of the ephemeral range. */
const sourceOf = (i: number): Uint8Array => packed(`203.0.${i >> 8}.${i & 255}`, 32_768 + ((i * 7) % 28_000));

const newOf = (name: BalanceName, seed = 1): Balance => newBalance(name, 'address', seededRandom(seed));

/** Opens a flow for each source; no flow ends. Returns the choices. */
function open(balance: Balance, candidates: readonly Upstream[], count = SOURCES): Upstream[] {
  return Array.from({ length: count }, (_, i) => {
    const chosen = balance(candidates, sourceOf(i));
    if (chosen === undefined) throw new Error('none was chosen');
    chosen.flowCount++;
    return chosen;
  });
}

/** How far the flows of an upstream are from its share, as a part of the share: the largest. */
function deviation(candidates: readonly Upstream[]): number {
  const weights = candidates.reduce((sum, { weight }) => sum + weight, 0);
  const flows = candidates.reduce((sum, { flowCount }) => sum + flowCount, 0);
  return Math.max(...candidates.map(({ weight, flowCount }) => Math.abs(flowCount / ((flows * weight) / weights) - 1)));
}

describe.each([
  ['round-robin', 0.01],
  ['least-flows', 0.01],
  ['random', 0.05],
  ['hash', 0.05],
] as const)('%s', (name, most) => {
  test.each([
    ['four equal upstreams', [1, 1, 1, 1]],
    ['upstreams of weights 1, 2 and 5', [1, 2, 5]],
    ['two upstreams, one three times the other', [3, 1]],
  ])(`gives 10,000 sources to %s by their weights, within ${most * 100} %`, (_what, weights) => {
    const candidates = upstreams(...weights);
    open(newOf(name), candidates);
    expect(deviation(candidates)).toBeLessThanOrEqual(most);
  });
});

describe.each(BALANCES)('%s', (name) => {
  test('chooses one of the candidates, whichever these are, and none of none', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 1000 }), { maxLength: 12 });
    const property = fc.property(weights, fc.array(fc.nat(), { maxLength: 20 }), fc.nat(), (given, flows, seed) => {
      const candidates = upstreams(...given);
      const balance = newOf(name, seed);
      for (const [i, flowCount] of flows.entries()) {
        const chosen = balance(candidates, sourceOf(i));
        if (candidates.length === 0) expect(chosen).toBeUndefined();
        else expect(candidates).toContain(chosen);
        if (chosen !== undefined) chosen.flowCount = flowCount;
      }
    });
    fc.assert(property);
  });

  test('does not starve an upstream that comes later, or comes back', () => {
    const [first, second, third] = equal(3);
    if (first === undefined || second === undefined || third === undefined) throw new Error('three were made');
    const balance = newOf(name);
    open(balance, [first, second], 100);
    third.flowCount = 50;
    const chosen = open(balance, [first, second, third], 300);
    expect(chosen.filter((one) => one === third).length).toBeGreaterThan(50);
    expect(chosen.filter((one) => one === first).length).toBeGreaterThan(50);
  });
});

describe('round-robin', () => {
  test('interleaves the turns of unequal upstreams', () => {
    const candidates = upstreams(5, 1, 1);
    const chosen = open(newOf('round-robin'), candidates, 7).map((one) => candidates.indexOf(one));
    expect(chosen).toEqual([0, 0, 1, 0, 2, 0, 0]);
  });
});

describe('least-flows', () => {
  test('fills up the upstream that has lost its flows', () => {
    const candidates = equal(3);
    open(newOf('least-flows'), candidates, 300);
    const [emptied] = candidates;
    if (emptied !== undefined) emptied.flowCount = 0;
    expect(open(newOf('least-flows'), candidates, 100).every((one) => one === emptied)).toBe(true);
  });

  test('takes turns while no upstream has a flow', () => {
    const candidates = upstreams(2, 1);
    const balance = newOf('least-flows');
    const chosen = Array.from({ length: 6 }, (_, i) => balance(candidates, sourceOf(i)));
    expect(chosen.filter((one) => one === candidates[0])).toHaveLength(4);
  });
});

describe('random', () => {
  test('follows from its seed', () => {
    const candidates = equal(10);
    const run = (seed: number) => open(newOf('random', seed), candidates, 50);
    expect(run(7)).toEqual(run(7));
    expect(run(7)).not.toEqual(run(8));
  });
});

describe('hash', () => {
  const balance = newOf('hash');
  const choices = (candidates: readonly Upstream[], by = balance) => open(by, candidates);

  test('keeps the sources of nine upstreams when the tenth goes, and moves at most 12 %', () => {
    const ten = equal(10);
    const [before, after] = [choices(ten), choices(ten.slice(0, 9))];
    const moved = before.filter((chosen, i) => chosen !== after[i]);
    expect(moved.length).toBeLessThanOrEqual(SOURCES * 0.12);
    expect(new Set(moved)).toEqual(new Set(ten.slice(9)));
  });

  test('moves sources only to an upstream that comes', () => {
    const ten = equal(10);
    const [before, after] = [choices(ten.slice(1)), choices(ten)];
    const moved = after.filter((chosen, i) => chosen !== before[i]);
    expect(moved.length).toBeLessThanOrEqual(SOURCES * 0.12);
    expect(new Set(moved)).toEqual(new Set(ten.slice(0, 1)));
  });

  test('moves sources only to an upstream that gets a larger weight', () => {
    const [light, heavy] = [upstreams(1, 1, 1), upstreams(1, 1, 2)];
    const [before, after] = [choices(light), choices(heavy)];
    const moved = after.filter((chosen, i) => light.indexOf(before[i] ?? chosen) !== heavy.indexOf(chosen));
    expect(new Set(moved)).toEqual(new Set(heavy.slice(2)));
  });

  test('does not depend on the order of the upstreams', () => {
    const ten = equal(10);
    expect(choices(ten)).toEqual(choices([...ten].reverse()));
  });

  test('by address keeps all ports of an address together, by endpoint it does not', () => {
    const ten = equal(10);
    const ports = Array.from({ length: 50 }, (_, i) => packed('203.0.113.9', 5000 + i));
    const chosenBy = (by: 'address' | 'endpoint') =>
      new Set(ports.map((source) => newBalance('hash', by, () => 0)(ten, source)));
    expect(chosenBy('address').size).toBe(1);
    expect(chosenBy('endpoint').size).toBeGreaterThan(5);
  });
});
