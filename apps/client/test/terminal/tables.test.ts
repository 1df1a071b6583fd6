import { describe, expect, test } from '@jest/globals';
import type { SessionStatistics } from '@relay/session';
import type { ClientStatus, FlowStatus, PublishStatus } from '../../src/status.js';
import { StatusView } from '../../src/terminal/status-view.js';
import { flowLines, mappingLines } from '../../src/terminal/tables.js';

/** Returns the cells of a line of a table. */
const cells = (line: string | undefined): string[] => (line ?? '').trim().split(/ {2,}/);

const UNKNOWN: SessionStatistics = {
  packetsIn: 0,
  bytesIn: 0,
  packetsOut: 0,
  bytesOut: 0,
  roundTripMs: Number.NaN,
  latestRoundTripMs: Number.NaN,
  minimumRoundTripMs: Number.NaN,
  roundTripVariationMs: Number.NaN,
  peerRoundTripMs: Number.NaN,
  jitterInMs: Number.NaN,
  jitterOutMs: Number.NaN,
  lossIn: Number.NaN,
  lossOut: Number.NaN,
};
const figures = { inDatagrams: 12, inBytes: 1200, outDatagrams: 9, outBytes: 900, drops: {} };
const status: ClientStatus = {
  program: 'relay-client',
  pid: 42,
  upMs: 61_000,
  server: 'relay.example:7878',
  state: 'connected',
  engine: 'native',
  session: { ...UNKNOWN, roundTripMs: 12, jitterInMs: 3, lossIn: 0, lossOut: 0.125 },
  forwards: [
    { mapping: '127.0.0.1:53 -> 192.0.2.53:53', name: '127.0.0.1:53 -> 192.0.2.53:53', flows: 7, isResolved: true },
    { mapping: '127.0.0.1:54 -> dns.example:53', name: 'dns', flows: 8, isResolved: false },
  ],
  publishes: [],
  flows: 7,
  visitors: 0,
  forward: { toTarget: { ...figures, drops: { resolving: 3 } }, fromTarget: { ...figures, outDatagrams: 4 } },
  publish: { toTarget: figures, fromTarget: figures },
  serviceErrors: {},
  packets: { in: 20, inBytes: 2000, out: 10, outBytes: 1000, unsent: 2, kernelDrops: 0, drops: { 'unknown-type': 5 } },
  health: { eventLoopDelayMs: 1, eventLoopUtilization: 0.25, cpu: 0.5, memoryBytes: 1 << 20, heapBytes: 1 << 19 },
};

describe('the list of flows of a client', () => {
  test('says that there is none', () => {
    expect(flowLines([])).toEqual(['no flows']);
  });

  test('shows each source and target', () => {
    const flow: FlowStatus = { mode: 'forward', source: '127.0.0.1:1', target: '192.0.2.53:53', idleMs: 2000 };
    expect(flowLines([flow]).map(cells)).toEqual([
      ['mode', 'source', 'target', 'idle for'],
      ['forward', '127.0.0.1:1', '192.0.2.53:53', '2.0 s'],
    ]);
  });
});

const published: PublishStatus = {
  mapping: '203.0.113.5:27015 -> 127.0.0.1:9000',
  name: '203.0.113.5:27015 -> 127.0.0.1:9000',
  ...{ flows: 3, isResolved: true, state: 'open' },
};
const refusal = { status: 'denied', port: 27_015, retryInMs: 60_000 };

describe('the list of mappings of a client', () => {
  const cellsOf = (publish: Partial<PublishStatus>, limits = { maxFlows: 10, idleMs: 5000 as number | null }) =>
    mappingLines([{ mode: 'publish', ...published, ...publish, ...limits }]).map(cells)[1];

  test.each([
    [{}, '3'],
    [{ isResolved: false }, 'name not resolved'],
    [{ state: 'waiting' } as const, 'not connected'],
    [{ state: 'asking' } as const, 'asking the server'],
    [{ state: 'refused', refusal } as const, 'denied (port 27015), again in 1m 00s'],
    [
      { state: 'refused', refusal: { status: 'unsupported', port: undefined, retryInMs: null } } as const,
      'unsupported',
    ],
  ])('shows the flows of a publish, or why it has none: %j', (publish, shown) => {
    expect(cellsOf(publish)).toEqual(['publish 203.0.113.5:27015 -> 127.0.0.1:9000', shown, '10', '5.0 s']);
  });

  test('shows a name as configured, and flows that never end', () => {
    expect(cellsOf({ name: 'game' }, { maxFlows: 10, idleMs: null })).toEqual([
      ...['publish game: 203.0.113.5:27015 -> 127.0.0.1:9000', '3', '10', 'never'],
    ]);
  });
});

describe('the status of a client', () => {
  test('shows the server, the quality of the path, and the forwards', () => {
    const lines = new StatusView().lines(status);
    expect(lines[0]).toBe('relay-client to relay.example:7878   connected   engine native   up 1m 01s   pid 42');
    expect(lines[1]).toBe('round trip 12 ms   jitter 3 ms   loss in 0.0 %, out 12.5 %');
    const rows = lines.map(cells);
    expect(rows).toContainEqual(['forward 127.0.0.1:53 -> 192.0.2.53:53', '7']);
    expect(rows).toContainEqual(['forward dns: 127.0.0.1:54 -> dns.example:53', 'name not resolved']);
    expect(rows.find(([name]) => name === 'to targets')?.slice(0, 3)).toEqual(['to targets', '9', '900 B']);
    expect(rows.find(([name]) => name === 'from targets')?.slice(0, 2)).toEqual(['from targets', '4']);
    expect(rows.find(([name]) => name === 'packets out')?.at(-1)).toBe('2');
    expect(rows).toContainEqual(['to targets', 'resolving', '3']);
    expect(rows).toContainEqual(['packets', 'unknown-type', '5']);
    // The list of mappings may be long: it comes last.
    const figures = lines.findIndex((line) => line.includes('25 % busy'));
    expect(lines.slice(figures + 1, figures + 3)).toEqual(['', expect.stringMatching(/^mapping +flows$/)]);
  });

  test('shows what is published and its traffic, if there is anything', () => {
    const toTarget = { ...figures, outDatagrams: 21, drops: { 'flow-limit': 6 } };
    const publish = { toTarget, fromTarget: { ...figures, outDatagrams: 22 } };
    const rows = new StatusView().lines({ ...status, publish, publishes: [published] }).map(cells);
    expect(rows).toContainEqual(['publish 203.0.113.5:27015 -> 127.0.0.1:9000', '3']);
    expect(rows.find(([name]) => name === 'to services')?.slice(0, 2)).toEqual(['to services', '21']);
    expect(rows.find(([name]) => name === 'from services')?.slice(0, 2)).toEqual(['from services', '22']);
    expect(rows).toContainEqual(['to services', 'flow-limit', '6']);
    expect(new StatusView().lines({ ...status, publish }).join()).not.toContain('services');
  });

  test('shows a dash for a figure that was not measured yet, even after JSON', () => {
    const unknown: ClientStatus = { ...status, session: UNKNOWN };
    const line = 'round trip –   jitter –   loss in –, out –';
    expect(new StatusView().lines(unknown)[1]).toBe(line);
    expect(new StatusView().lines(JSON.parse(JSON.stringify(unknown)) as ClientStatus)[1]).toBe(line);
  });

  test('says that there is no session', () => {
    expect(new StatusView().lines({ ...status, session: undefined })[1]).toBe('not connected');
  });
});
