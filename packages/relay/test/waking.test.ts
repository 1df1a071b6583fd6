import { describe, expect, test } from '@jest/globals';
import { generateKeyPair } from '@relay/session';
import { Waking, type ProvenAddress } from '../src/waking.js';

const addressOf = (): ProvenAddress => ({ publicKey: generateKeyPair().publicKey, path: new Uint8Array(48) });

/** A waking that notes when it woke whom. */
function noted() {
  const woken: [ms: number, address: ProvenAddress][] = [];
  const waking = new Waking((address, nowMs) => woken.push([nowMs, address]));
  /** Lets it work until this time. */
  const run = (untilMs: number): void => {
    while (waking.nextDueMs <= untilMs) waking.wakeDue(waking.nextDueMs);
  };
  return { waking, woken, run };
}

describe('waking', () => {
  test('tells a client that does not come three times, and then has nothing to do', () => {
    const { waking, woken, run } = noted();
    expect(waking.nextDueMs).toBe(Infinity);
    const address = addressOf();
    waking.add([address], 1000);
    run(60_000);
    expect(woken).toEqual([1000, 1500, 2000].map((ms) => [ms, address]));
    expect(waking.nextDueMs).toBe(Infinity);
  });

  test('tells a client that has come, or may not come any more, nothing further', () => {
    const { waking, woken, run } = noted();
    const [came, stays] = [addressOf(), addressOf()];
    waking.add([came, stays], 0);
    run(0);
    waking.forget(came.publicKey);
    run(60_000);
    expect(woken.filter(([, { publicKey }]) => publicKey === came.publicKey)).toHaveLength(1);
    expect(woken.filter(([, { publicKey }]) => publicKey === stays.publicKey)).toHaveLength(3);
  });

  test('has no more under way than it can take, and goes on as fast as clients come', () => {
    const { waking, woken, run } = noted();
    const addresses = Array.from({ length: 1500 }, addressOf);
    waking.add(addresses, 0);
    run(0);
    expect(woken).toHaveLength(256);
    for (const { publicKey } of addresses.slice(0, 100)) waking.forget(publicKey);
    run(1);
    expect(woken).toHaveLength(356);
    run(99);
    expect(woken).toHaveLength(356);
    run(600);
    // Nobody a second time before all were told once.
    expect(new Set(woken.slice(0, 1500).map(([, { publicKey }]) => publicKey)).size).toBe(1500);
  });

  test('of nobody, and after its close, does nothing', () => {
    const { waking, woken, run } = noted();
    waking.add([], 0);
    waking.forget(addressOf().publicKey);
    waking.add([addressOf()], 0);
    waking.close();
    run(60_000);
    waking.wakeDue(60_000);
    expect(woken).toEqual([]);
  });
});
