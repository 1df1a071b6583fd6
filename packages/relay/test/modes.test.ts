import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { DROP, packEndpoint, PACKED_ENDPOINT_BYTES } from '@relay/packet';
import { roundRobin } from '../src/balance/round-robin.js';
import type { End } from '../src/flow/flow.js';
import { admitFromListener, admitFromTunnel, type ForwardServer } from '../src/modes/forward.js';
import { admitFromSource, type RouteUpstream } from '../src/modes/route.js';

const folder = new URL('../src/modes/', import.meta.url);
const modes = readdirSync(fileURLToPath(folder)).map((file) => ({
  file,
  source: readFileSync(new URL(file, folder), 'utf8'),
}));

describe.each(modes)('the rules of a mode ($file)', ({ source }) => {
  test('take less than a hundred lines', () => {
    expect(source.split('\n').length).toBeLessThan(100);
  });

  test('know neither sockets, nor Node.js, nor a clock', () => {
    const imported = [...source.matchAll(/from '([^']+)'/g)].map(([, name = '']) => name);
    expect(imported.length).toBeGreaterThan(0);
    const isRule = /^(@relay\/packet|\.\.\/(flow|policy|balance)\/)/;
    expect(imported.filter((name) => !isRule.test(name))).toEqual([]);
    expect(source).not.toMatch(/Date|performance|process\.|setTimeout|await|Math\.random/);
  });
});

const end: End = { attach: () => undefined, send: () => undefined, close: () => undefined };
const packed = (address: string): Uint8Array => {
  const bytes = new Uint8Array(PACKED_ENDPOINT_BYTES);
  packEndpoint({ address, port: 53 }, bytes, 0);
  return bytes;
};
const opening = { source: packed('10.0.0.2'), target: packed('1.1.1.1') };

describe('forward, on the client', () => {
  test('leads into the tunnel while there is a session', () => {
    expect(admitFromListener({ session: undefined, newEnd: () => end })).toBe(DROP.noSession);
    expect(admitFromListener({ session: {}, newEnd: () => end })).toBe(end);
  });
});

describe('forward, on the server', () => {
  const server: ForwardServer = {
    ...{ isDraining: false, isShort: false, closingSockets: 0, freeFlows: 100 },
    isOwn: () => false,
  };
  const client = { rights: { allowances: [] }, newEnd: () => end };

  test('reaches the target of a client that may', () => {
    expect(admitFromTunnel(opening, client, server)).toBe(end);
  });

  test.each([
    ['a server that drains', { isDraining: true }, DROP.draining],
    ['sockets that are still being closed', { closingSockets: 64, freeFlows: 64 }, DROP.overloaded],
    ['a want of file descriptors', { isShort: true }, DROP.overloaded],
    ['a target that is the server itself', { isOwn: () => true }, DROP.loop],
  ])('is refused for %s', (_what, change, code) => {
    expect(admitFromTunnel(opening, client, { ...server, ...change })).toBe(code);
  });

  test('is refused to a client that may not come in any more, and for a target that it may not reach', () => {
    expect(admitFromTunnel(opening, { ...client, rights: undefined }, server)).toBe(DROP.deniedByPolicy);
    const inside = { ...opening, target: packed('10.0.0.9') };
    expect(admitFromTunnel(inside, client, server)).toBe(DROP.deniedByPolicy);
  });
});

describe('route', () => {
  const server = { isDraining: false, isShort: false, closingSockets: 0, freeFlows: 100 };
  const newUpstream = (change: { readonly isDrained?: boolean; readonly isUp?: boolean } = {}): RouteUpstream => ({
    ...{ weight: 1, flowCount: 0, hash: 1, credit: 0 },
    isDrained: change.isDrained ?? false,
    takesFlow: () => change.isUp ?? true,
    newEnd: () => ({ ...end }),
  });
  const admit = (upstreams: readonly RouteUpstream[], change = {}, withoutUpstream: number = DROP.noUpstream) =>
    admitFromSource(opening, { upstreams, balance: roundRobin, withoutUpstream }, 0, { ...server, ...change }, 0);
  /** Which of the upstreams are chosen by four flows, by place. */
  const chosenOf = (upstreams: readonly RouteUpstream[]) => {
    const ends = upstreams.map(() => ({ ...end }));
    const named = upstreams.map((upstream, i) => ({ ...upstream, newEnd: () => ends[i] ?? end }));
    return Array.from({ length: 4 }, () => ends.findIndex((one) => one === admit(named)));
  };

  test.each([
    ['a server that drains', { isDraining: true }, DROP.draining],
    ['sockets that are still being closed', { closingSockets: 64, freeFlows: 64 }, DROP.overloaded],
    ['a want of file descriptors', { isShort: true }, DROP.overloaded],
  ])('is refused for %s', (_what, change, code) => {
    expect(admit([newUpstream()], change)).toBe(code);
  });

  test('is refused where no upstream is left, or its name is not resolved yet', () => {
    expect(admit([])).toBe(DROP.noUpstream);
    expect(admit([newUpstream({ isDrained: true })])).toBe(DROP.noUpstream);
    expect(admit([], {}, DROP.resolving)).toBe(DROP.resolving);
  });

  test('leaves out upstreams that are down or drained', () => {
    expect(chosenOf([newUpstream({ isUp: false }), newUpstream(), newUpstream({ isDrained: true })])).toEqual([
      1, 1, 1, 1,
    ]);
  });

  test('uses all that are not drained where these are down', () => {
    const down = { isUp: false };
    expect(chosenOf([newUpstream(down), newUpstream({ isDrained: true }), newUpstream(down)])).toEqual([0, 2, 0, 2]);
  });
});
