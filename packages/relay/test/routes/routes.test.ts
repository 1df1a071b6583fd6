import { describe, expect, test } from '@jest/globals';
import { addressRange, PublicPort, type RouteSettings, type ShardOptions } from '../../src/index.js';
import { endpoint, RouteStage, SERVER, upstream, type Echo } from './stage.js';

const LISTEN = `${SERVER.v4}:5300`;
const [A, B, C] = ['10.0.0.1:53', '10.0.0.2:53', '10.0.0.3:53'];
const ALL = [A, B, C];
const SHORT = { isShort: true, ranOut: () => undefined };

const counts = (echoes: readonly Echo[]): number[] => echoes.map(({ heard }) => heard.length);

describe('a route', () => {
  test('leads a source to one upstream, and answers from the address and port that were asked', async () => {
    const stage = new RouteStage();
    const echoes = await stage.echoes(A, B);
    await stage.open([[LISTEN]], [upstream(A), upstream(B)]);
    for (const text of ['1', '2']) await stage.send('203.0.113.1:4001', LISTEN, text);
    await stage.send('203.0.113.2:4002', LISTEN, '3');
    await stage.pass(100);
    expect(stage.replies).toEqual([
      `203.0.113.1:4001 from ${LISTEN}: ${A} 1`,
      `203.0.113.1:4001 from ${LISTEN}: ${A} 2`,
      `203.0.113.2:4002 from ${LISTEN}: ${B} 3`,
    ]);
    expect(counts(echoes)).toEqual([2, 1]);
    expect(stage.shard.figures()).toMatchObject({ flows: 2, sessions: 0, visitors: 0 });
    expect(stage.unaccounted).toBe(0);
  });

  test('on all addresses answers from the one that was asked', async () => {
    const stage = new RouteStage();
    await stage.echoes(A);
    await stage.open([['[::]:5300']], [upstream(A)]);
    await stage.send('203.0.113.1:4001', LISTEN, '4');
    await stage.send('[2001:db8::9]:4001', `[${SERVER.v6}]:5300`, '6');
    await stage.pass(100);
    expect(stage.replies).toEqual([
      `203.0.113.1:4001 from ${LISTEN}: ${A} 4`,
      `[2001:db8::9]:4001 from [${SERVER.v6}]:5300: ${A} 6`,
    ]);
  });

  test.each([
    ['IPv4', 'IPv6', '203.0.113.1:4001', LISTEN, '[2001:db8::53]:53'],
    ['IPv6', 'IPv4', '[2001:db8::9]:4001', `[${SERVER.v6}]:5300`, A],
  ])('leads sources of %s to upstreams of %s', async (_from, _to, source, listen, target) => {
    const stage = new RouteStage();
    await stage.echoes(target);
    await stage.open([[listen]], [upstream(target)]);
    await stage.send(source, listen);
    await stage.pass(100);
    expect(stage.replies).toEqual([`${source} from ${listen}: ${target} x`]);
    expect(stage.unaccounted).toBe(0);
  });

  test('maps ranges port by port, from each of its listeners', async () => {
    const stage = new RouteStage();
    const echoes = await stage.echoes('10.0.0.1:7000', '10.0.0.1:7001', '10.0.0.1:7002');
    const ports = (first: number) => [0, 1, 2].map((i) => `${SERVER.v4}:${first + i}`);
    await stage.open([ports(5000), ports(6000)], [upstream('10.0.0.1:7000')]);
    await stage.send('203.0.113.1:4001', `${SERVER.v4}:5002`, 'a');
    await stage.send('203.0.113.1:4001', `${SERVER.v4}:6001`, 'b');
    await stage.pass(100);
    expect(counts(echoes)).toEqual([0, 1, 1]);
    expect(stage.replies).toEqual([
      `203.0.113.1:4001 from ${SERVER.v4}:5002: 10.0.0.1:7002 a`,
      `203.0.113.1:4001 from ${SERVER.v4}:6001: 10.0.0.1:7001 b`,
    ]);
  });

  test('loses none of a burst of first datagrams', async () => {
    const stage = new RouteStage();
    await stage.echoes(A);
    await stage.open([[LISTEN]], [upstream(A)]);
    for (let i = 0; i < 10; i++) await stage.send('203.0.113.1:4001', LISTEN, `${i}`);
    await stage.pass(100);
    expect(stage.replies).toHaveLength(10);
    expect(stage.openSockets).toBe(1);
  });

  test('ends a flow that is idle, and gives its socket back', async () => {
    const stage = new RouteStage();
    await stage.echoes(A);
    await stage.open([[LISTEN]], [upstream(A)], { idleMs: 5000 });
    await stage.send('203.0.113.1:4001', LISTEN);
    await stage.pass(4900);
    expect(stage.openSockets).toBe(1);
    await stage.pass(500);
    expect(stage.openSockets).toBe(0);
    expect(stage.shard.routes.statuses()).toMatchObject([{ flows: 0, upstreams: [{ flows: 0, answered: 1 }] }]);
  });

  test('says its flows, upstreams and figures as plain data', async () => {
    const stage = new RouteStage();
    const [, silent] = await stage.echoes(A, B);
    if (silent !== undefined) silent.isSilent = true;
    await stage.open([[LISTEN]], [upstream(`${A}*2`), upstream(B)], { idleMs: 5000 });
    await stage.sendFromMany(3, LISTEN);
    await stage.pass(100);
    const flows = stage.shard.flows(stage.nowMs, 10);
    expect(flows).toContainEqual({
      ...{ id: expect.any(Number), session: undefined, client: undefined, mode: 'route', idleMs: expect.any(Number) },
      ...{ source: '203.0.113.1:4000', target: A },
    });
    expect(flows.map(({ target }) => target)).toEqual([A, B, A]);
    expect(stage.shard.flows(stage.nowMs, 2)).toHaveLength(2);
    await stage.pass(6000);
    const statuses = stage.shard.routes.statuses();
    const facts = { state: 'up', flows: 0 };
    expect(statuses).toEqual([
      {
        ...{ route: 'dns', balance: 'round-robin', flows: 0 },
        upstreams: [
          { ...facts, upstream: A, target: A, weight: 2, answered: 2, unanswered: 0 },
          { ...facts, upstream: B, target: B, weight: 1, answered: 0, unanswered: 1 },
        ],
      },
    ]);
    expect(structuredClone(statuses)).toEqual(statuses);
    expect(stage.shard.figures().route.toTarget).toMatchObject({ inDatagrams: 3, outDatagrams: 3 });
  });
});

interface Refusal {
  readonly settings?: Partial<RouteSettings>;
  readonly options?: Partial<ShardOptions>;
  readonly targets?: readonly string[];
}

test.each([
  ['of the route', { maxFlows: 2 }, {}],
  ['of the server', {}, { maxFlows: 2 }],
])('at the limit %s the flow that was silent longest gives way', async (_whose, settings, options) => {
  const stage = new RouteStage(options);
  await stage.echoes(A);
  await stage.open([[LISTEN]], [upstream(A)], settings);
  await stage.sendFromMany(6, LISTEN, 500);
  expect(stage.replies).toHaveLength(6);
  expect(stage.shard.flows(stage.nowMs, 10).length).toBeLessThanOrEqual(2);
  expect(stage.openSockets).toBe(stage.shard.figures().flows);
  expect(stage.unaccounted).toBe(0);
});

describe('a new flow of a route is dropped and counted', () => {
  test.each<[string, Record<string, number>, Refusal]>([
    ['where descriptors are short', { overloaded: 3 }, { options: { descriptors: SHORT } }],
    ['where there is no upstream', { 'no-upstream': 3 }, { targets: [] }],
  ])('%s', async (_what, drops, { settings = {}, options = {}, targets = ALL }) => {
    const stage = new RouteStage(options);
    await stage.echoes(...ALL);
    await stage.open([[LISTEN]], targets.map(upstream), settings);
    await stage.sendFromMany(3, LISTEN);
    expect(stage.shard.figures().route.toTarget.drops).toEqual(drops);
    expect(stage.unaccounted).toBe(0);
  });

  test('while the name of its only upstream is being resolved', async () => {
    const stage = new RouteStage();
    await stage.echoes(A);
    const named = { ...upstream(A), name: 'dns.example:53' };
    const route = await stage.open([[LISTEN]], [{ ...named, addresses: [] }]);
    await stage.sendFromMany(1, LISTEN);
    await stage.pass(100);
    expect(stage.shard.figures().route.toTarget.drops).toEqual({ resolving: 1 });
    stage.setUpstreams(route, named);
    await stage.sendFromMany(1, LISTEN);
    await stage.pass(100);
    expect(stage.replies).toHaveLength(1);
  });

  test('while the server drains', async () => {
    const stage = new RouteStage();
    await stage.open([[LISTEN]], [upstream(A)]);
    await stage.shard.close(stage.nowMs);
    await stage.sendFromMany(1, LISTEN);
    await stage.pass(100);
    expect(stage.shard.figures().route.toTarget.drops).toEqual({ draining: 1 });
  });
});

describe.each([
  ['round-robin', 0.01],
  ['least-flows', 0.01],
  ['random', 0.05],
  ['hash', 0.05],
] as const)('10,000 sources with %s', (balance, most) => {
  test(`are shared among upstreams by their weights, within ${most * 100} %`, async () => {
    const stage = new RouteStage();
    await stage.open([[LISTEN]], [upstream(A), upstream(`${B}*2`), upstream(C)], { balance });
    // Nobody is there to say that nobody listens.
    stage.network.setConditions({ icmp: false });
    for (let i = 0; i < 10_000; i++) {
      stage.spoof(`203.0.${i >> 8}.${i & 255}:${4000 + (i % 1000)}`, LISTEN);
      if (i % 100 === 99) await stage.pass(1);
    }
    await stage.pass(100);
    const [status] = stage.shard.routes.statuses();
    expect(status?.flows).toBe(10_000);
    const shares = status?.upstreams.map(({ flows, weight }) => flows / 2500 / weight) ?? [];
    for (const share of shares) expect(Math.abs(share - 1)).toBeLessThanOrEqual(most);
    await stage.pass(61_000);
    expect([stage.shard.figures().flows, stage.openSockets]).toEqual([0, 0]);
    expect(stage.unaccounted).toBe(0);
  });
});

test('a route keeps its rules for sources, and ends flows of those that a change refuses', async () => {
  const stage = new RouteStage();
  const [a] = await stage.echoes(A);
  const range = (text: string) => addressRange({ address: text, prefix: 24 });
  const route = await stage.open([[LISTEN]], [upstream(A)], { rules: { allow: [range('203.0.113.0')] } });
  await stage.send('198.51.100.1:4000', LISTEN);
  await stage.sendFromMany(2, LISTEN);
  expect(a?.heard).toHaveLength(2);
  expect(stage.shard.figures().route.toTarget.drops).toEqual({ 'denied-by-policy': 1 });
  stage.update(route, { rules: { deny: [range('203.0.113.0')] } });
  expect(route.listener.flowCount).toBe(0);
});

describe('a change of a route', () => {
  test('that removes an upstream leaves its flows where they are', async () => {
    const stage = new RouteStage();
    const echoes = await stage.echoes(A, B);
    const route = await stage.open([[LISTEN]], [upstream(A), upstream(B)]);
    await stage.sendFromMany(4, LISTEN);
    await stage.pass(100);
    stage.setUpstreams(route, upstream(B));
    await stage.sendFromMany(6, LISTEN);
    await stage.pass(100);
    expect(counts(echoes)).toEqual([4, 6]);
    expect(stage.replies).toHaveLength(10);
    expect(stage.shard.routes.statuses()[0]?.upstreams).toMatchObject([{ upstream: B, flows: 4 }]);
    expect(stage.shard.flows(stage.nowMs, 10)).toHaveLength(6);
    expect(stage.unaccounted).toBe(0);
  });

  test('that gives a name other addresses uses all of them for new flows', async () => {
    const stage = new RouteStage();
    const echoes = await stage.echoes(A, B, C);
    const at = (...targets: string[]) => ({
      ...{ name: 'dns.example:53', firstPort: 53, weight: 1 },
      addresses: targets.map((target) => endpoint(target).address),
    });
    const route = await stage.open([[LISTEN]], [at(A)]);
    await stage.sendFromMany(2, LISTEN);
    stage.setUpstreams(route, at(B, C));
    await stage.sendFromMany(4, LISTEN, 0, 2);
    await stage.sendFromMany(2, LISTEN);
    await stage.pass(100);
    expect(counts(echoes)).toEqual([4, 2, 2]);
    expect(stage.shard.routes.statuses()[0]?.upstreams.map(({ upstream: name }) => name)).toEqual([
      'dns.example:53',
      'dns.example:53',
    ]);
  });

  test('that changes balance, weights and limits is live', async () => {
    const stage = new RouteStage();
    const echoes = await stage.echoes(A, B);
    const route = await stage.open([[LISTEN]], [upstream(A), upstream(B)]);
    await stage.sendFromMany(10, LISTEN);
    stage.setUpstreams(route, upstream(`${A}*3`), upstream(B));
    await stage.sendFromMany(20, LISTEN, 0, 10);
    await stage.pass(100);
    expect(counts(echoes)).toEqual([20, 10]);
    stage.update(route, { balance: 'hash', maxFlows: 31 });
    await stage.sendFromMany(2, LISTEN, 10, 30);
    expect(route.listener.flowCount).toBe(30);
  });

  test('that removes a port ends the flows of this port alone', async () => {
    const stage = new RouteStage();
    await stage.echoes(A);
    const other = `${SERVER.v4}:6300`;
    const route = await stage.open([[LISTEN], [other]], [upstream(A)]);
    for (const to of [LISTEN, other]) await stage.send('203.0.113.1:4001', to);
    await stage.pass(100);
    const [port] = route.listener.ports;
    if (port instanceof PublicPort) route.removePort(port, stage.nowMs);
    await stage.pass(100);
    expect([route.listener.flowCount, stage.openSockets]).toEqual([1, 1]);
    await stage.send('203.0.113.1:4001', other, 'y');
    await stage.pass(100);
    expect(stage.replies.at(-1)).toBe(`203.0.113.1:4001 from ${other}: ${A} y`);
  });

  test('that removes it ends its flows and closes their sockets', async () => {
    const stage = new RouteStage();
    await stage.echoes(A);
    const route = await stage.open([[LISTEN]], [upstream(A)]);
    await stage.sendFromMany(3, LISTEN);
    await stage.pass(100);
    stage.shard.routes.remove(route, stage.nowMs);
    await stage.pass(100);
    expect([stage.openSockets, stage.shard.figures().flows, stage.shard.routes.statuses().length]).toEqual([0, 0, 0]);
    expect(stage.unaccounted).toBe(0);
  });
});

describe('an upstream that is drained', () => {
  test('keeps its flows, gets no new ones, and gets them again afterwards', async () => {
    const stage = new RouteStage();
    const echoes = await stage.echoes(A, B);
    const route = await stage.open([[LISTEN]], [upstream(A), upstream(B)]);
    await stage.sendFromMany(2, LISTEN);
    expect(stage.setDrained(route, A, true)).toBe(true);
    expect(stage.shard.routes.statuses()[0]?.upstreams.map(({ state }) => state)).toEqual(['drained', 'up']);
    await stage.sendFromMany(6, LISTEN);
    await stage.pass(100);
    expect(counts(echoes)).toEqual([2, 6]);
    expect(stage.setDrained(route, A, false)).toBe(true);
    await stage.sendFromMany(4, LISTEN, 0, 6);
    await stage.pass(100);
    expect(counts(echoes)).toEqual([4, 8]);
  });

  test('stays so when its address comes again, and by name for all addresses', async () => {
    const stage = new RouteStage();
    const echoes = await stage.echoes(A, B, C);
    const named = (...addresses: string[]) => ({ name: 'dns.example:53', firstPort: 53, weight: 1, addresses });
    const route = await stage.open([[LISTEN]], [named('10.0.0.1'), upstream(C)]);
    expect(stage.setDrained(route, 'dns.example:53', true)).toBe(true);
    stage.setUpstreams(route, named('10.0.0.1', '10.0.0.2'), upstream(C));
    await stage.sendFromMany(3, LISTEN);
    await stage.pass(100);
    expect(counts(echoes)).toEqual([0, 0, 3]);
    expect(stage.setDrained(route, A, false)).toBe(true);
    await stage.sendFromMany(4, LISTEN, 0, 3);
    await stage.pass(100);
    expect(counts(echoes)).toEqual([2, 0, 5]);
    expect(stage.setDrained(route, 'dns.example:53', false)).toBe(true);
    await stage.sendFromMany(3, LISTEN, 0, 7);
    await stage.pass(100);
    expect(counts(echoes)[1]).toBe(1);
  });

  test('is not one that there is not', async () => {
    const stage = new RouteStage();
    const route = await stage.open([[LISTEN]], [upstream(A)]);
    expect(stage.setDrained(route, B, true)).toBe(false);
  });

  test('leaves no upstream where all are drained', async () => {
    const stage = new RouteStage();
    await stage.echoes(A);
    const route = await stage.open([[LISTEN]], [upstream(A)]);
    stage.setDrained(route, A, true);
    await stage.sendFromMany(1, LISTEN);
    await stage.pass(100);
    expect(stage.shard.figures().route.toTarget.drops).toEqual({ 'no-upstream': 1 });
    expect(stage.said).toEqual([]);
  });
});
