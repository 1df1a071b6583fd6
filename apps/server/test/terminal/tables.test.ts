import { describe, expect, test } from '@jest/globals';
import type { Health } from '@relay/program';
import type { SessionStatistics } from '@relay/session';
import type { SessionStatus } from '@relay/relay';
import type { ServerStatus } from '../../src/status.js';
import { StatusView } from '../../src/terminal/status-view.js';
import { clientLines, listedClients, flowLines, mappingLines, sessionLines } from '../../src/terminal/tables.js';

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
const session = (statistics: Partial<SessionStatistics>): SessionStatus => ({
  id: 7,
  client: 'ada',
  endpoint: '192.0.2.1:1000',
  connectedMs: 61_000,
  flows: 3,
  statistics: { ...UNKNOWN, ...statistics },
});
/** The cells of a line of a table. */
const cells = (line: string | undefined): string[] => (line ?? '').trim().split(/ {2,}/);

describe('the list of clients', () => {
  test('says how to have one where there is none', () => {
    expect(clientLines([])).toEqual(['no clients: relay-server invite NAME makes one']);
  });

  test('shows the targets, the limits and the expiry of each', () => {
    const record = { publicKey: '', createdAt: '2026-01-01T00:00:00.000Z' };
    const lines = clientLines([
      { ...record, name: 'ada', allow: [] },
      { ...record, name: 'bob', allow: ['10.0.0.0/8:53', '::1/128'], maxPps: 100, maxBps: 8000 },
      {
        ...record,
        name: 'eve',
        allow: [],
        publish: ['53', '27000-27100'],
        maxPps: 5,
        expiresAt: '2030-01-01T00:00:00.000Z',
      },
      { ...record, name: 'joe', allow: [], maxBps: 6 },
    ]);
    expect(lines.map(cells)).toEqual([
      ['client', 'may reach', 'may publish', 'limits', 'expires'],
      ['ada', 'public addresses', 'nothing', 'never'],
      ['bob', '10.0.0.0/8:53 ::1/128', 'nothing', '100 packets/s, 8000 bit/s', 'never'],
      ['eve', 'public addresses', '53 27000-27100', '5 packets/s', '2030-01-01T00:00:00.000Z'],
      ['joe', 'public addresses', 'nothing', '6 bit/s', 'never'],
    ]);
  });
});

describe('the list of sessions', () => {
  test('says that there is none', () => {
    expect(sessionLines([])).toEqual(['no client is connected']);
  });

  test('shows measured figures, and a dash for each that was not measured', () => {
    const measured = session({ roundTripMs: 12, lossIn: 0.0125, lossOut: 1 });
    const lines = sessionLines([measured, session({})]).map(cells);
    expect(lines[0]).toEqual(['session', 'client', 'from', 'connected', 'flows', 'round trip', 'loss in', 'loss out']);
    expect(lines[1]).toEqual(['7', 'ada', '192.0.2.1:1000', '1m 01s', '3', '12 ms', '1.3 %', '100.0 %']);
    expect(lines[2]?.slice(5)).toEqual(['–', '–', '–']);
  });

  test('shows figures that were not measured as dashes when they come as JSON', () => {
    const asJson = JSON.parse(JSON.stringify([session({})])) as SessionStatus[];
    expect(cells(sessionLines(asJson)[1]).slice(5)).toEqual(['–', '–', '–']);
  });
});

describe('the list of flows', () => {
  test('says that there is none', () => {
    expect(flowLines([])).toEqual(['no flows']);
  });

  test('names the client, the target and the session of each flow', () => {
    const [source, target] = ['127.0.0.1:1', '192.0.2.53:53'];
    const flow = { session: 7, client: 'ada', mode: 'forward', id: 2, source, target, idleMs: 2000 } as const;
    expect(flowLines([flow]).map(cells)).toEqual([
      ['session', 'client', 'mode', 'source', 'target', 'idle for'],
      ['7', 'ada', 'forward', source, target, '2.0 s'],
    ]);
  });
});

describe('the list of mappings', () => {
  test('says that there is none', () => {
    expect(mappingLines([])).toEqual(['nothing is published']);
  });

  test('shows the client, the ports, their state and their settings', () => {
    const mapping = {
      mode: 'publish',
      client: 'ada',
      ports: '[::]:27000-27010',
      openPorts: 11,
      state: 'open',
    } as const;
    const lines = mappingLines([
      { ...mapping, flows: 2, maxFlows: 64, idleMs: 30_000, name: 'game' },
      { ...mapping, ports: '192.0.2.1:53', state: 'kept', openPorts: 0, flows: 0, maxFlows: 4096, idleMs: 0 },
    ]);
    expect(lines.map(cells)).toEqual([
      ['client', 'ports', 'state', 'flows', 'idle after', 'name'],
      ['ada', '[::]:27000-27010', 'open', '2 of 64', '30.0 s', 'game'],
      ['ada', '192.0.2.1:53', 'kept', '0 of 4096', 'never'],
    ]);
  });
});

describe('the list of mappings, with routes,', () => {
  const facts = { weight: 1, state: 'up', flows: 2, answered: 7, unanswered: 0 } as const;
  const route = {
    mode: 'route',
    ...{ name: 'dns', listen: ['[::]:53', '127.0.0.1:5300'], openPorts: 2, balance: 'hash' },
    ...{ flows: 4, maxFlows: 4096, idleMs: 0 },
    upstreams: [
      { ...facts, upstream: '10.0.0.1:53', target: '10.0.0.1:53' },
      { ...facts, upstream: 'dns.example:53', target: '10.0.0.2:53', weight: 3, state: 'drained' },
    ],
  } as const;

  test('has a line for each address of each upstream', () => {
    expect(mappingLines([route, { ...route, name: 'new', upstreams: [] }]).map(cells)).toEqual([
      ['route', 'listens on', 'balance', 'upstream', 'weight', 'state', 'flows', 'answered', 'unanswered'],
      ['dns', '[::]:53, 127.0.0.1:5300', 'hash', '10.0.0.1:53', '1', 'up', '2', '7', '0'],
      ['dns.example:53 (10.0.0.2:53)', '3', 'drained', '2', '7', '0'],
      ['new', '[::]:53, 127.0.0.1:5300', 'hash', 'not resolved yet'],
    ]);
  });

  test('has them below what is published', () => {
    const published = { mode: 'publish', client: 'ada', ports: '[::]:53', openPorts: 1, state: 'open' } as const;
    const lines = mappingLines([{ ...published, flows: 0, maxFlows: 1, idleMs: 0 }, route]);
    expect(lines.map((line) => cells(line)[0])).toEqual([
      'client',
      'ada',
      '',
      'route',
      'dns',
      'dns.example:53 (10.0.0.2:53)',
    ]);
  });
});

describe('the status', () => {
  const health: Health = {
    eventLoopDelayMs: 1,
    eventLoopUtilization: 0.25,
    cpu: 0.5,
    memoryBytes: 1 << 20,
    heapBytes: 1 << 19,
  };
  const NONE = { inDatagrams: 0, inBytes: 0, outDatagrams: 0, outBytes: 0, drops: {} };
  const figures = { inDatagrams: 12, inBytes: 1200, outDatagrams: 9, outBytes: 900, drops: {} };
  const status: ServerStatus = {
    program: 'relay-server',
    pid: 42,
    upMs: 61_000,
    listen: '[::]:7878',
    engine: 'native',
    sessions: 1,
    flows: 2,
    maxFlows: 50_000,
    maxSockets: 20_000,
    targetErrors: {},
    visitors: 0,
    publishedPorts: 0,
    route: { toTarget: NONE, fromTarget: NONE },
    routes: [],
    publish: { toTarget: NONE, fromTarget: NONE },
    forward: {
      toTarget: { ...figures, drops: { 'denied-by-policy': 3 } },
      fromTarget: { ...figures, outDatagrams: 4 },
    },
    packets: {
      in: 20,
      inBytes: 2000,
      out: 10,
      outBytes: 1000,
      unsent: 2,
      kernelDrops: 0,
      drops: { 'unknown-type': 5 },
    },
    load: 'loaded',
    health,
  };

  test('shows the address of the server, its traffic and its drops', () => {
    const lines = new StatusView().lines(status);
    expect(lines[0]).toBe('relay-server on [::]:7878   engine native   up 1m 01s   pid 42');
    expect(lines[1]).toBe('1 session   2 flows of at most 50000   load loaded');
    const rows = lines.map(cells);
    expect(rows.find(([name]) => name === 'to targets')?.slice(0, 3)).toEqual(['to targets', '9', '900 B']);
    expect(rows.find(([name]) => name === 'from targets')?.slice(0, 2)).toEqual(['from targets', '4']);
    expect(rows.find(([name]) => name === 'packets in')?.slice(0, 2)).toEqual(['packets in', '20']);
    expect(rows.find(([name]) => name === 'packets out')?.at(-1)).toBe('2');
    expect(rows.filter(([, reason]) => reason === 'denied-by-policy')).toEqual([
      ['to targets', 'denied-by-policy', '3'],
    ]);
    expect(rows.filter(([, reason]) => reason === 'unknown-type')).toEqual([['packets', 'unknown-type', '5']]);
    expect(lines.at(-1)).toMatch(/25/);
  });

  test('shows published ports and their visitors where there are some, and nothing of them otherwise', () => {
    expect(new StatusView().lines(status).join('\n')).not.toMatch(/visitor|publish/);
    const publish = {
      toTarget: { ...figures, drops: { 'no-session': 3 } },
      fromTarget: { ...figures, outDatagrams: 5 },
    };
    const lines = new StatusView().lines({ ...status, publish, publishedPorts: 11, visitors: 1 });
    expect(lines[2]).toBe('11 published ports   1 visitor');
    const rows = lines.map(cells);
    expect(rows.find(([name]) => name === 'from visitors')?.slice(0, 3)).toEqual(['from visitors', '9', '900 B']);
    expect(rows.find(([name]) => name === 'to visitors')?.slice(0, 2)).toEqual(['to visitors', '5']);
    expect(rows.filter(([, reason]) => reason === 'no-session')).toEqual([['from visitors', 'no-session', '3']]);
    expect(new StatusView().lines({ ...status, publishedPorts: 1 })[2]).toBe('1 published port   0 visitors');
  });

  test('shows routes and their upstreams where there are some', () => {
    const facts = { upstream: 'a', target: 'a', weight: 1, flows: 1, answered: 0, unanswered: 0 };
    const upstreams = (['up', 'down', 'up'] as const).map((state) => ({ ...facts, state }));
    const routes = [{ route: 'dns', balance: 'random', flows: 3, upstreams } as const];
    const lines = new StatusView().lines({ ...status, routes, route: { toTarget: figures, fromTarget: NONE } });
    expect(lines[2]).toBe('1 route   2 of 3 upstreams up   3 flows of sources');
    const rows = lines.map(cells);
    expect(rows.find(([name]) => name === 'to upstreams')?.slice(0, 3)).toEqual(['to upstreams', '9', '900 B']);
    expect(rows.some(([name]) => name === 'from upstreams')).toBe(true);
    const quiet = new StatusView().lines({ ...status, routes }).map((line) => cells(line)[0]);
    expect(quiet).toEqual(expect.arrayContaining(['1 route', 'to upstreams', 'from upstreams']));
    expect(new StatusView().lines(status).join('\n')).not.toMatch(/upstream/);
  });

  test('counts one flow, several sessions, and shows no drops where there are none', () => {
    const [, counts] = new StatusView().lines({ ...status, sessions: 2, flows: 1 });
    expect(counts).toBe('2 sessions   1 flow of at most 50000   load loaded');
    const without = {
      ...status,
      forward: { toTarget: figures, fromTarget: figures },
      packets: { ...status.packets, drops: {} },
    };
    expect(new StatusView().lines(without)).not.toContain('dropped:');
    expect(new StatusView().lines(status)).toContain('dropped:');
  });
});

describe('the clients that are listed', () => {
  const record = { publicKey: 'x', allow: [], createdAt: '2026-01-01T00:00:00.000Z' };
  const records = [
    { ...record, name: 'ada' },
    { ...record, name: 'bob', expiresAt: '2026-06-01T00:00:00.000Z' },
    { ...record, name: 'cyd' },
  ];
  const nowMs = Date.parse('2026-06-01T00:00:00.000Z');
  const lastOf = (lines: string[]): (string | undefined)[] => lines.map((line) => line.split(/ {2,}/).at(-1));

  test('are expired, connected or away where a server runs', () => {
    const listed = listedClients(records, new Set(['ada', 'bob']), nowMs);
    expect(listed.map(({ now }) => now)).toEqual(['connected', 'expired', 'away']);
    expect(lastOf(clientLines(listed))).toEqual(['now', 'connected', 'expired', 'away']);
  });

  test('are expired or not where none runs', () => {
    expect(listedClients(records, undefined, nowMs).map(({ now }) => now)).toEqual([undefined, 'expired', undefined]);
    expect(lastOf(clientLines(listedClients(records.slice(0, 1), undefined, nowMs)))).toEqual(['expires', 'never']);
  });
});
