import { describe, expect, test } from '@jest/globals';
import { generateKeyPair } from '@relay/session';
import { KnownClients, type KnownClient } from '../src/index.js';

const [ada, bob] = [generateKeyPair().publicKey, generateKeyPair().publicKey];
const client = (name: string, publicKey: Uint8Array, changes: Partial<KnownClient> = {}): KnownClient => ({
  ...{ name, publicKey, allowances: [], publish: [], limits: {}, expiresWallMs: Infinity, newestTimestamp: 0n },
  ...changes,
});

const expired = (publicKey: Uint8Array) => ({ publicKey, reason: 'expired' });

/** Clients that know these from the start, and a wall clock that the test sets. */
function knowing(...changed: readonly KnownClient[]) {
  const wall = { nowMs: 1000 };
  const clients = new KnownClients(() => wall.nowMs);
  expect(clients.apply({ changed, gone: [] })).toEqual([]);
  return { wall, clients };
}

describe('known clients', () => {
  test('are found by their keys, and strangers are not', () => {
    const { clients } = knowing(client('ada', ada, { limits: { packetsPerSecond: 5 } }));
    expect(clients.lookup(ada.slice())).toMatchObject({ name: 'ada', limits: { packetsPerSecond: 5 } });
    expect(clients.lookup(bob)).toBeUndefined();
  });

  test('that change have the new name, rights and limits at once, and keep their sessions', () => {
    const { clients } = knowing(client('ada', ada, { limits: { packetsPerSecond: 5 } }), client('bob', bob));
    const changed = client('grace', ada, { limits: { bitsPerSecond: 8 } });
    expect(clients.apply({ changed: [changed], gone: [] })).toEqual([]);
    expect(clients.lookup(ada)).toEqual(changed);
    expect(clients.lookup(bob)?.name).toBe('bob');
  });

  test('that are gone are found no more, and their sessions must end', () => {
    const { clients } = knowing(client('ada', ada), client('bob', bob));
    expect(clients.apply({ changed: [], gone: [ada] })).toEqual([{ publicKey: ada, reason: 'revoked' }]);
    expect([clients.lookup(ada), clients.lookup(bob)?.name]).toEqual([undefined, 'bob']);
  });

  test('that are gone and come back have no timestamp', () => {
    const { clients } = knowing(client('ada', ada, { newestTimestamp: 7n }));
    clients.apply({ changed: [], gone: [ada] });
    clients.apply({ changed: [client('ada', ada)], gone: [] });
    expect(clients.lookup(ada)?.newestTimestamp).toBe(0n);
  });
});

describe('an invitation that expires', () => {
  const AT = { expiresWallMs: 5000 };

  test('lets its client in until then, and ends its sessions once', () => {
    const { wall, clients } = knowing(client('ada', ada, AT), client('bob', bob, { expiresWallMs: 5001 }));
    wall.nowMs = 4999;
    expect([clients.lookup(ada)?.name, clients.takeExpired(), clients.isExpiring]).toEqual(['ada', [], true]);
    wall.nowMs = 5000;
    expect([clients.lookup(ada), clients.takeExpired(), clients.isExpiring]).toEqual([undefined, [expired(ada)], true]);
    expect(clients.takeExpired()).toEqual([]);
    wall.nowMs = 5001;
    expect([clients.takeExpired(), clients.isExpiring]).toEqual([[expired(bob)], false]);
  });

  test('before the change that brings it comes ends the sessions of its client with that change', () => {
    const { clients } = knowing(client('ada', ada), client('bob', bob));
    expect(clients.apply({ changed: [client('ada', ada, { expiresWallMs: 1000 })], gone: [] })).toEqual([expired(ada)]);
    expect(clients.lookup(ada)).toBeUndefined();
  });

  test('later than it did before it was changed lets its client in again', () => {
    const { wall, clients } = knowing(client('ada', ada, AT));
    wall.nowMs = 6000;
    expect(clients.takeExpired()).toEqual([expired(ada)]);
    expect(clients.apply({ changed: [client('ada', ada, { expiresWallMs: 7000 })], gone: [] })).toEqual([]);
    expect(clients.lookup(ada)?.name).toBe('ada');
    wall.nowMs = 7000;
    expect(clients.takeExpired()).toEqual([expired(ada)]);
  });

  test('no more is not waited for', () => {
    const { wall, clients } = knowing(client('ada', ada, AT), client('bob', bob, AT));
    clients.apply({ changed: [client('ada', ada)], gone: [bob] });
    expect(clients.isExpiring).toBe(false);
    wall.nowMs = 6000;
    expect([clients.takeExpired(), clients.lookup(ada)?.name]).toEqual([[], 'ada']);
  });

  test('again, after the clock was set back and its client came in, ends its sessions again', () => {
    const { wall, clients } = knowing(client('ada', ada, AT));
    wall.nowMs = 6000;
    expect(clients.takeExpired()).toEqual([expired(ada)]);
    wall.nowMs = 4000;
    expect(clients.isExpiring).toBe(false);
    expect(clients.lookup(ada)?.name).toBe('ada');
    expect(clients.isExpiring).toBe(true);
    wall.nowMs = 6000;
    expect(clients.takeExpired()).toEqual([expired(ada)]);
  });
});

describe('the newest timestamp of a client', () => {
  test('is known at once, and taken once to be kept', () => {
    const { clients } = knowing(client('ada', ada), client('bob', bob));
    clients.recordTimestamp(ada, 5n);
    clients.recordTimestamp(bob, 6n);
    clients.recordTimestamp(ada, 7n);
    expect(clients.lookup(ada)?.newestTimestamp).toBe(7n);
    const kind = 'newest-timestamp';
    expect(clients.takeTimestamps()).toEqual([
      { kind, publicKey: ada, timestamp: 5n },
      { kind, publicKey: bob, timestamp: 6n },
      { kind, publicKey: ada, timestamp: 7n },
    ]);
    expect(clients.takeTimestamps()).toEqual([]);
  });

  test('of a stranger is not kept', () => {
    const { clients } = knowing(client('ada', ada));
    clients.recordTimestamp(bob, 5n);
    expect([clients.lookup(bob), clients.takeTimestamps()]).toEqual([undefined, []]);
  });

  test.each([
    [4n, 5n],
    [6n, 6n],
  ])('that a change carries (%i) counts if it is newer than the one recorded (5)', (timestamp, expected) => {
    const { clients } = knowing(client('ada', ada));
    clients.recordTimestamp(ada, 5n);
    clients.apply({ changed: [client('ada', ada, { newestTimestamp: timestamp })], gone: [] });
    expect(clients.lookup(ada)?.newestTimestamp).toBe(expected);
  });
});
