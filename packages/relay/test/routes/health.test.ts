import { describe, expect, test } from '@jest/globals';
import { SocketError } from '@relay/socket';
import type { Route, RouteSettings } from '../../src/index.js';
import { endpoint, RouteStage, SERVER, upstream, type Echo } from './stage.js';

const LISTEN = `${SERVER.v4}:5300`;
const [A, B] = ['10.0.0.1:53', '10.0.0.2:53'];

interface Scene {
  readonly stage: RouteStage;
  readonly route: Route;
  readonly a: Echo;
  readonly b: Echo;
}

/** A route to two services that answer. */
async function scene(settings: Partial<RouteSettings> = {}): Promise<Scene> {
  const stage = new RouteStage();
  const [a, b] = await stage.echoes(A, B);
  if (a === undefined || b === undefined) throw new Error('two were made');
  const route = await stage.open([[LISTEN]], [upstream(A), upstream(B)], settings);
  return { stage, route, a, b };
}

const statesOf = ({ stage }: Scene): string[] =>
  stage.shard.routes.statuses().flatMap(({ upstreams }) => upstreams.map(({ state }) => state));

describe('an upstream whose host says that nobody listens', () => {
  test('is avoided by new flows at once, under traffic, and used again when a flow has tried it', async () => {
    const all = await scene();
    const { stage, a, b } = all;
    await stage.sendFromMany(10, LISTEN, 20);
    await a.stop();
    await stage.sendFromMany(10, LISTEN, 20, 10);
    expect(statesOf(all)).toEqual(['down', 'up']);
    const before = b.heard.length;
    await stage.sendFromMany(40, LISTEN, 20, 20);
    expect(b.heard.length - before).toBe(40);
    expect(stage.said).toEqual([`down ${A} connection-refused`]);

    await a.start();
    const heard = a.heard.length;
    await stage.sendFromMany(60, LISTEN, 200, 100);
    expect(stage.said).toEqual([`down ${A} connection-refused`, `up ${A}`]);
    expect(a.heard.length - heard).toBeGreaterThan(5);
    expect(stage.unaccounted).toBe(0);
  });

  test('is found within 1 s from its last answer', async () => {
    const all = await scene();
    const { stage, a } = all;
    await stage.sendFromMany(10, LISTEN, 20);
    await a.stop();
    const diedMs = stage.nowMs;
    let i = 100;
    while (statesOf(all)[0] === 'up') await stage.sendFromMany(1, LISTEN, 50, i++);
    expect(stage.nowMs - diedMs).toBeLessThan(1000);
  });

  test('keeps flows that it has answered, and no others: these reach another upstream', async () => {
    const { stage, a, b } = await scene();
    await stage.sendFromMany(1, LISTEN);
    await a.stop();
    await stage.sendFromMany(2, LISTEN, 0, 1);
    await stage.send('203.0.113.99:4099', LISTEN, 'first');
    await stage.pass(30);
    await stage.pass(10_000);
    await stage.sendFromMany(2, LISTEN, 0, 10);
    expect(stage.shard.flows(stage.nowMs, 10).filter(({ target }) => target === A)).toHaveLength(1);
    const heard = b.heard.length;
    await stage.sendFromMany(2, LISTEN, 0, 10);
    expect(b.heard.length - heard).toBe(2);
  });

  test('gets one flow in 10 s while it is down', async () => {
    const { stage, a, b } = await scene();
    await stage.sendFromMany(2, LISTEN);
    await a.stop();
    await stage.sendFromMany(2, LISTEN, 0, 2);
    const before = b.heard.length;
    await stage.sendFromMany(310, LISTEN, 75, 10);
    expect(310 - (b.heard.length - before)).toBe(Math.floor((310 * 75) / 10_000));
  });

  test('comes back by the answer to a flow that it had before', async () => {
    const { stage, a } = await scene();
    await stage.sendFromMany(2, LISTEN);
    await a.stop();
    await stage.sendFromMany(1, LISTEN);
    await a.start();
    await stage.sendFromMany(1, LISTEN);
    expect(stage.said).toEqual([`down ${A} connection-refused`, `up ${A}`]);
  });

  test('cannot be reached at all: the same', async () => {
    const { stage, b } = await scene();
    stage.host.refusalOf = ({ address }) => (address === endpoint(A).address ? 'ENETUNREACH' : undefined);
    await stage.sendFromMany(2, LISTEN);
    await stage.sendFromMany(10, LISTEN, 0, 2);
    expect(stage.said).toEqual([`down ${A} network-unreachable`]);
    expect(b.heard).toHaveLength(11);
    expect(stage.unaccounted).toBe(0);
  });
});

describe('an upstream that falls silent', () => {
  test('is down 2 s after 5 flows have asked for nothing', async () => {
    const all = await scene();
    const { stage, a } = all;
    await stage.sendFromMany(10, LISTEN);
    a.isSilent = true;
    await stage.sendFromMany(10, LISTEN);
    await stage.pass(1900);
    expect(stage.said).toEqual([]);
    await stage.pass(400);
    expect(stage.said).toEqual([`down ${A} silent`]);
    expect(statesOf(all)).toEqual(['down', 'up']);
    a.isSilent = false;
    await stage.sendFromMany(1, LISTEN);
    expect(stage.said).toEqual([`down ${A} silent`, `up ${A}`]);
  });

  test('is up while fewer than 5 flows ask', async () => {
    const { stage, a } = await scene();
    await stage.sendFromMany(10, LISTEN);
    a.isSilent = true;
    for (let i = 0; i < 10; i++) await stage.sendFromMany(8, LISTEN, 100);
    expect(stage.said).toEqual([]);
  });

  test('is up while it answers some of many flows', async () => {
    const { stage, a } = await scene();
    await stage.sendFromMany(20, LISTEN);
    for (let i = 0; i < 5; i++) {
      a.isSilent = true;
      await stage.sendFromMany(20, LISTEN, 50);
      a.isSilent = false;
      await stage.sendFromMany(1, LISTEN);
    }
    expect(stage.said).toEqual([]);
  });

  test('is up where no answers are waited for', async () => {
    const { stage, route, a } = await scene();
    await stage.sendFromMany(10, LISTEN);
    stage.update(route, { replies: 0 });
    a.isSilent = true;
    await stage.sendFromMany(60, LISTEN, 100, 100);
    expect(stage.said).toEqual([]);
  });

  test('is up if it has never answered, as a syslog server', async () => {
    const { stage, a, b } = await scene();
    for (const echo of [a, b]) echo.isSilent = true;
    await stage.sendFromMany(50, LISTEN, 200);
    expect(stage.said).toEqual([]);
    expect([a.heard.length, b.heard.length]).toEqual([25, 25]);
  });
});

describe('a route whose upstreams are all down', () => {
  test('uses all of them, and says so once', async () => {
    const { stage, a, b } = await scene();
    await stage.sendFromMany(2, LISTEN);
    await a.stop();
    await b.stop();
    await stage.sendFromMany(20, LISTEN, 100, 2);
    expect(stage.said).toEqual([`down ${A} connection-refused`, `down ${B} connection-refused`, 'failed open 5300']);
    await a.start();
    await b.start();
    const heard = stage.replies.length;
    await stage.sendFromMany(20, LISTEN, 0, 100);
    expect(stage.replies.length - heard).toBe(20);
    expect(stage.said.slice(3).sort()).toEqual([`up ${A}`, `up ${B}`]);
    expect(structuredClone(stage.events)).toEqual(stage.events);
    expect(stage.unaccounted).toBe(0);
  });

  test('leaves a drained one alone', async () => {
    const { stage, route, a, b } = await scene();
    await stage.sendFromMany(2, LISTEN);
    await a.stop();
    await stage.sendFromMany(1, LISTEN);
    stage.setDrained(route, B, true);
    expect(stage.said).toEqual([`down ${A} connection-refused`, 'failed open 5300']);
    await a.start();
    await stage.sendFromMany(4, LISTEN, 0, 10);
    expect([a.heard.length, b.heard.length]).toEqual([5, 1]);
  });
});

test('a port of a range that is down does not take the others with it', async () => {
  const stage = new RouteStage();
  const [first, second] = ['10.0.0.1:7000', '10.0.0.1:7001'];
  await stage.echoes(second);
  await stage.open([[`${SERVER.v4}:5000`, `${SERVER.v4}:5001`]], [upstream(first)]);
  for (const to of ['5000', '5001']) await stage.send('203.0.113.1:4001', `${SERVER.v4}:${to}`);
  await stage.pass(100);
  expect(stage.said).toEqual([`down ${first} connection-refused`, 'failed open 5000']);
  expect(stage.shard.routes.statuses()[0]?.upstreams).toMatchObject([{ state: 'degraded' }]);
  expect(stage.replies).toHaveLength(1);
});

describe('checks', () => {
  const health = {
    ...{ send: Buffer.from('ping'), expect: Buffer.from(':53 ping') },
    ...{ everyMs: 2000, fails: 3, passes: 2 },
  };

  test('find an upstream that answers nothing without any traffic, and see it come back', async () => {
    const all = await scene({ health });
    const { stage, a } = all;
    await stage.pass(10_000);
    expect(a.heard.length).toBeGreaterThanOrEqual(5);
    a.isSilent = true;
    await stage.pass(5000);
    expect(stage.said).toEqual([]);
    await stage.pass(2500);
    expect(stage.said).toEqual([`down ${A} check-failed`]);
    a.isSilent = false;
    await stage.pass(2000);
    expect(statesOf(all)).toEqual(['down', 'up']);
    await stage.pass(2500);
    expect(stage.said).toEqual([`down ${A} check-failed`, `up ${A}`]);
  });

  test('count only answers with the bytes that are expected', async () => {
    const { stage } = await scene({ health: { ...health, expect: Buffer.from('pong') } });
    await stage.pass(10_000);
    expect(stage.said.sort()).toEqual([`down ${A} check-failed`, `down ${B} check-failed`, 'failed open 5300']);
  });

  test('count any answer where none is expected', async () => {
    const { stage } = await scene({ health: { ...health, expect: undefined } });
    await stage.pass(10_000);
    expect(stage.said).toEqual([]);
  });

  test('leave it to themselves when it is up again; flows find it down at once', async () => {
    const { stage, a } = await scene({ health });
    await stage.sendFromMany(2, LISTEN);
    await stage.pass(2000);
    await a.stop();
    await stage.sendFromMany(2, LISTEN);
    expect(stage.said).toEqual([`down ${A} connection-refused`]);
    await a.start();
    await stage.sendFromMany(2, LISTEN);
    expect(stage.said).toHaveLength(1);
    await stage.pass(5000);
    expect(stage.said).toEqual([`down ${A} connection-refused`, `up ${A}`]);
  });

  test.each([
    ['the host says that it cannot be reached', 'network-unreachable', ['down', 'failed'], 0],
    ['there is no descriptor, which says nothing of it', 'too-many-open-files', [], 10],
  ] as const)('go on where %s', async (_what, code, said, shortages) => {
    let ranOut = 0;
    const stage = new RouteStage({
      openSocket: () => {
        throw new SocketError(code, 'open');
      },
      descriptors: { isShort: true, ranOut: () => ranOut++ },
    });
    await stage.open([[LISTEN]], [upstream(A)], { health });
    await stage.pass(19_900);
    expect(stage.said.map((text) => text.split(' ')[0])).toEqual(said);
    expect(ranOut).toBe(shortages);
  });

  test('are heard at once, though nothing else happens', async () => {
    const { stage, a } = await scene({ health: { ...health, everyMs: 600_000, fails: 1 } });
    await stage.pass(300_000);
    await a.stop();
    await stage.pass(300_400);
    expect(stage.said).toEqual([`down ${A} check-failed`]);
  });

  test('end with the upstream, begin and end with the settings, and carry no traffic of the route', async () => {
    const { stage, route, a, b } = await scene({ health });
    await stage.pass(3000);
    stage.setUpstreams(route, upstream(B));
    stage.update(route, { health: 'passive' });
    await stage.pass(100);
    const heard = [a.heard.length, b.heard.length];
    await stage.pass(10_000);
    expect([a.heard.length, b.heard.length]).toEqual(heard);
    expect(stage.openSockets).toBe(0);
    stage.update(route, { health });
    await stage.pass(5000);
    expect(b.heard.length - (heard[1] ?? 0)).toBe(3);
    stage.shard.routes.remove(route, stage.nowMs);
    await stage.pass(5000);
    expect(stage.openSockets).toBe(0);
    expect(stage.shard.figures().route.toTarget.inDatagrams).toBe(0);
  });
});
