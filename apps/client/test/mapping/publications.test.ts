import { afterEach, describe, expect, test } from '@jest/globals';
import { encodePublishedPorts, encodeRefusedPort, packEndpoint, PACKED_ENDPOINT_BYTES, STATUS } from '@relay/packet';
import { MemoryWorld, SERVER } from '../support/memory-world.js';
import { publishOf } from '../support/publish-of.js';

let world = new MemoryWorld();
const open = async (...texts: string[]): Promise<MemoryWorld> => (world = await MemoryWorld.open(texts.map(publishOf)));
const states = (): string[] => world.publishes.map(({ state }) => state.kind);
const refusal = (status: keyof typeof STATUS, port?: number) => ({
  status: STATUS[status],
  body: encodeRefusedPort(port),
});
/** The times between the requests that came, in whole seconds, rounded. */
function waits(): number[] {
  const times = world.asked.map(({ atMs }) => atMs);
  return times.slice(1).map((atMs, i) => Math.round((atMs - (times[i] ?? 0)) / 1000));
}

afterEach(async () => {
  expect(await world.end()).toEqual({ faults: [], unaccounted: 0 });
});

describe('what a client publishes', () => {
  test('is asked for as soon as there is a session, and leads to its service', async () => {
    await open('27015=9000;name=game;idle=10s;maxFlows=7', '27020-27021=9001-9002');
    await world.openService(9000);
    await world.openService(9002);
    expect(world.asked.map(({ wanted }) => wanted)).toEqual([
      expect.objectContaining({
        endpoint: { address: '::', port: 27_015 },
        ...{ count: 1, name: 'game', idleMs: 10_000, maxFlows: 7, unknown: [] },
      }),
      expect.objectContaining({ endpoint: { address: '::', port: 27_020 }, count: 2, idleMs: 120_000, maxFlows: 4096 }),
    ]);
    expect(world.told).toEqual([
      'open 192.0.2.1:27015 -> 127.0.0.1:9000',
      'open 192.0.2.1:27020-27021 -> 127.0.0.1:9001-9002',
    ]);
    await world.visit('a', 27_015);
    await world.visit('b', 27_021);
    expect(world.arrived).toEqual(['9000 a', '9002 b']);
    expect(world.replies).toEqual(['27015 9000 a', '27021 9002 b']);
    expect(world.publishes.map(({ service }) => service.flowCount)).toEqual([1, 1]);
  });

  test('leads to its service before the server has answered', async () => {
    world = new MemoryWorld();
    world.answerDelayMs = 1000;
    await world.start([publishOf('27015=9000')]);
    await world.openService(9000);
    await world.visit('a', 27_015);
    expect([states(), world.replies]).toEqual([['asking'], ['27015 9000 a']]);
  });

  test('refuses no visitor before the server has said which port is open', async () => {
    world = new MemoryWorld();
    world.answerDelayMs = 1000;
    await world.start([publishOf('0=9000')]);
    await world.visit('early', 40_000);
    const { accounts, services } = world.client.shard;
    expect([states(), services.areIncomplete]).toEqual([['asking'], true]);
    expect(accounts.publish.toJSON().toTarget.drops).toEqual({ resolving: 1 });
    await world.pass(2000);
    expect([states(), services.areIncomplete]).toEqual([['open'], false]);
  });

  test('waits while there is no session', async () => {
    world = new MemoryWorld();
    await world.client.open({ forward: [], publish: [publishOf('27015')] });
    expect(states()).toEqual(['waiting']);
    expect(world.publishes[0]?.description).toBe('27015 -> 127.0.0.1:27015');
    world.answerTo = () => ({ status: STATUS.failed });
    await world.pass(1000);
    expect([world.asked, world.told]).toEqual([[], []]);
  });

  test('names the address that was asked for, and never idles where that is wanted', async () => {
    await open('192.0.2.1:27015=9000;idle=never');
    expect(world.asked[0]?.wanted).toMatchObject({ endpoint: { address: '192.0.2.1', port: 27_015 }, idleMs: 0 });
    expect(world.told).toEqual(['open 192.0.2.1:27015 -> 127.0.0.1:9000']);
    await world.openService(9000);
    await world.visit('a', 27_015);
    await world.pass(3_600_000);
    expect(world.publishes[0]?.service.flowCount).toBe(1);
  });

  test('drops datagrams of visitors for a service whose name is not resolved', async () => {
    await open('27015=game.lan:9000');
    expect(world.looked).toEqual(['game.lan not found']);
    await world.visit('a', 27_015);
    expect(world.client.shard.accounts.publish.toTarget.drops.toJSON()).toEqual({ unresolved: 1 });
  });
});

describe('what the server refuses', () => {
  const refused = async (...args: Parameters<typeof refusal>): Promise<void> => {
    world = new MemoryWorld();
    world.answerTo = () => refusal(...args);
    await world.start([publishOf('27015')]);
  };

  test.each(['unavailable', 'limit', 'draining', 'failed', 'notFound'] as const)(
    'as %s is asked for again after 1 s, then after twice as long, at most after 30 s',
    async (status) => {
      await refused(status, 27_015);
      await world.pass(120_000);
      expect(waits()).toEqual([1, 2, 4, 8, 16, 30, 30]);
      expect(world.publishes[0]?.state).toMatchObject({ kind: 'refused', status, port: 27_015 });
      world.answerTo = () => undefined;
      await world.pass(30_000);
      expect(states()).toEqual(['open']);
      world.takeAsked();
      await world.pass(600_000);
      expect(world.takeAsked()).toEqual([]);
    },
  );

  test('as denied is asked for again once a minute', async () => {
    await refused('denied', 27_015);
    await world.pass(125_000);
    expect(waits()).toEqual([60, 60]);
  });

  test.each(['malformed', 'unsupported'] as const)('as %s is not asked for again in this session', async (status) => {
    await refused(status);
    await world.pass(600_000);
    expect(world.asked).toHaveLength(1);
    expect(world.publishes[0]?.state).toEqual({ kind: 'refused', status, port: undefined, retryMs: Infinity });
    world.closeSession();
    await world.pass(1000);
    expect(world.asked).toHaveLength(2);
  });

  test('with a number that is not known, or a port that cannot be, has failed', async () => {
    world = new MemoryWorld();
    world.answerTo = () => ({ status: 99, body: Uint8Array.of(1) });
    await world.start([publishOf('27015')]);
    expect(world.publishes[0]?.state).toMatchObject({ kind: 'refused', status: 'failed', port: undefined });
  });

  test('for a port that was not asked for has no port', async () => {
    world = new MemoryWorld();
    world.answerTo = () => refusal('denied', 27_017);
    await world.start([publishOf('27015-27016'), publishOf('27017')]);
    expect(world.publishes.map(({ state }) => state)).toMatchObject([{ port: undefined }, { port: 27_017 }]);
  });

  test('is asked for at once in a new session, and the waits begin again at 1 s', async () => {
    await refused('unavailable');
    await world.pass(20_000);
    world.asked.splice(0);
    world.closeSession();
    await world.pass(4000);
    expect(waits()).toEqual([1, 2]);
  });

  test('leads nowhere until it is open', async () => {
    await refused('unavailable');
    const { services } = world.client.shard;
    const asked = new Uint8Array(PACKED_ENDPOINT_BYTES);
    packEndpoint({ address: SERVER.address, port: 27_015 }, asked, 0);
    expect(services.find(asked)).toBeUndefined();
    expect(world.publishes[0]?.description).toBe('27015 -> 127.0.0.1:27015');
    world.answerTo = () => undefined;
    await world.pass(2000);
    expect(services.find(asked)).toBeDefined();
  });

  test('has no effect on other publishes', async () => {
    world = new MemoryWorld();
    world.answerTo = ({ endpoint }) => (endpoint.port === 1 ? refusal('denied', 1) : undefined);
    await world.start([publishOf('1'), publishOf('27015')]);
    expect(states()).toEqual(['refused', 'open']);
  });
});

describe('port 0', () => {
  test('gives any port, and the same one after restarts of client and server', async () => {
    await open('0=9000', '0=9000');
    expect(world.told).toEqual(['open 192.0.2.1:40000 -> 127.0.0.1:9000', 'open 192.0.2.1:40001 -> 127.0.0.1:9000']);
    const tokens = world.publishes.map(({ token }) => token);
    expect(tokens[0]).not.toBe(tokens[1]);
    await world.restartServer();
    await world.pass(15_000);
    expect(world.told.slice(2)).toEqual(world.told.slice(0, 2));
    await world.client.close();
    const other = await open('0=9000', '0=9000', '0=9001');
    expect(other.publishes.map(({ token }) => token).slice(0, 2)).toEqual(tokens);
    expect(new Set(other.publishes.map(({ token }) => token)).size).toBe(3);
  });

  test('leads to the service from the answer on', async () => {
    await open('0=9000');
    await world.openService(9000);
    await world.visit('a', 40_000);
    expect(world.replies).toEqual(['40000 9000 a']);
  });
});

test('more publishes than a session takes requests are open soon', async () => {
  world = new MemoryWorld();
  world.answerTo = (wanted) => ({ status: STATUS.done, body: encodePublishedPorts(wanted) });
  await world.start(Array.from({ length: 1030 }, (_, i) => publishOf(`${i + 1}=9000`)));
  await world.pass(30_000);
  expect(new Set(states())).toEqual(new Set(['open']));
  expect(new Set(world.takeAsked()).size).toBe(1030);
});

describe('sessions that come and go', () => {
  test('do not disturb visitors: their flows go on in the next session', async () => {
    await open('27015=9000');
    await world.openService(9000);
    await world.visit('a', 27_015);
    world.closeSession();
    await world.pass(1000);
    expect(world.takeAsked()).toEqual(['publish 27015+1', 'publish 27015+1']);
    await world.visit('b', 27_015);
    expect(world.arrived).toEqual(['9000 a', '9000 b']);
    expect(world.publishes[0]?.service.flowCount).toBe(1);
  });

  test('find the ports open within a second of the session after the server was killed', async () => {
    await open('27015=9000');
    await world.openService(9000);
    await world.visit('a', 27_015); // the server is missed only if something wants through
    await world.restartServer(5000);
    const isBack = (): boolean => world.openPorts.includes(27_015);
    for (let waitedMs = 0; !isBack() && waitedMs < 30_000; waitedMs += 100) await world.pass(100);
    const { session } = world.client.channel;
    expect(world.nowMs - (session?.connectedMs ?? 0)).toBeLessThan(1000);
    await world.visit('b', 27_015);
    expect(world.arrived).toEqual(['9000 a', '9000 b']);
  });
});

describe('a server that', () => {
  test('is of a former release gets ports alone', async () => {
    world = new MemoryWorld();
    world.features = 0;
    await world.restartServer();
    await world.start([publishOf('27015;name=game;idle=5s')]);
    expect(world.asked.map(({ wanted }) => wanted)).toEqual([
      { endpoint: { address: '::', port: 27_015 }, count: 1, unknown: [] },
    ]);
    expect(states()).toEqual(['open']);
  });

  test('is of a former release is not asked for ports that not everybody may come to', async () => {
    world = new MemoryWorld();
    world.features = 0;
    await world.restartServer();
    await world.start([publishOf('27015;deny=203.0.113.0/24'), publishOf('27016;visitorFlows=1'), publishOf('27017')]);
    expect(world.asked.map(({ wanted }) => wanted.endpoint.port)).toEqual([27_017]);
    expect(states()).toEqual(['refused', 'refused', 'open']);
    expect(world.told.slice(0, 2)).toEqual(['refused 27015 -> 127.0.0.1:27015', 'refused 27016 -> 127.0.0.1:27016']);
  });

  test.each([
    ['another port', { endpoint: { address: '::', port: 27_016 }, count: 1 }],
    ['more ports', { endpoint: { address: '::', port: 27_015 }, count: 2 }],
    ['another address', { endpoint: { address: '192.0.2.1', port: 27_015 }, count: 1 }],
  ])('opens %s is told to close that, and asked again later', async (_what, ports) => {
    world = new MemoryWorld();
    world.answerTo = () => ({ status: STATUS.done, body: encodePublishedPorts(ports) });
    await world.start([publishOf('27015')]);
    expect(world.takeAsked()).toEqual(['publish 27015+1', `unpublish ${ports.endpoint.port}+${ports.count}`]);
    expect(world.publishes[0]?.state).toMatchObject({ kind: 'refused', status: 'failed' });
    world.answerTo = () => undefined;
    await world.pass(1100);
    expect([world.takeAsked(), states()]).toEqual([['publish 27015+1'], ['open']]);
  });

  test.each([
    ['nothing', new Uint8Array(0)],
    ['bytes that mean nothing', new Uint8Array(20).fill(255)],
    ['too many bytes', new Uint8Array(900)],
  ])('says done and %s has failed', async (_what, body) => {
    world = new MemoryWorld();
    world.answerTo = () => ({ status: STATUS.done, body });
    await world.start([publishOf('27015'), publishOf('0=9000')]);
    expect(states()).toEqual(['refused', 'refused']);
    expect(world.takeAsked().filter((asked) => asked.startsWith('unpublish'))).toEqual(['unpublish 27015+1']);
  });

  test('gives port 0 for port 0 has failed', async () => {
    world = new MemoryWorld();
    world.answerTo = (wanted) => ({ status: STATUS.done, body: encodePublishedPorts(wanted) });
    await world.start([publishOf('0=9000')]);
    expect(states()).toEqual(['refused']);
  });
});
