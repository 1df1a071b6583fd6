import { describe, expect, test } from '@jest/globals';
import { encodeResolvedName, STATUS, unpackEndpoint, type ResolvedName } from '@relay/packet';
import type { Forward } from '../../src/mapping/forward.js';
import { TargetNames } from '../../src/mapping/target-names.js';
import { forwardTo } from '../support/forward-to.js';

const targetsOf = (forward: Forward): string[] =>
  forward.ports.map(({ target }) => {
    const endpoint = target && unpackEndpoint(target, 0);
    return endpoint === undefined ? 'unresolved' : `${endpoint.address} ${endpoint.port}`;
  });
const answer = (resolved: ResolvedName): Uint8Array => encodeResolvedName(resolved);

describe('a forward with ports', () => {
  test('to an address knows its targets from the start, one for each port', () => {
    const forward = forwardTo('192.0.2.1', 53, 55);
    expect(forward.isResolved).toBe(true);
    expect(targetsOf(forward)).toEqual(['192.0.2.1 53', '192.0.2.1 54', '192.0.2.1 55']);
    expect(forward.description).toBe('127.0.0.1:53-55 -> 192.0.2.1:53-55');
  });

  test('to a name has no targets until the name is resolved', () => {
    const forward = forwardTo('dns.example');
    expect([forward.isResolved, targetsOf(forward)]).toEqual([false, ['unresolved']]);
    forward.setTargetAddress('2001:db8::1');
    expect([forward.isResolved, targetsOf(forward)]).toEqual([true, ['2001:db8::1 53']]);
  });
});

describe('TargetNames', () => {
  test('requests nothing without a session, and ignores answers to requests that it did not make', () => {
    const forward = forwardTo('dns.example');
    const names = new TargetNames();
    names.follow([forward], 0);
    expect(names.nextAskMs).toBe(Infinity);
    names.askDue(1000);
    const told = names.answered(7, STATUS.done, answer({ ttlMs: 1000, addresses: ['192.0.2.1'] }), 1000);
    expect([told, targetsOf(forward)]).toEqual([undefined, ['unresolved']]);
  });
});
