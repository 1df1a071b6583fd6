import { describe, expect, test } from '@jest/globals';
import { STATUS } from '@relay/packet';
import { SocketError } from '@relay/socket';
import { PublishStage, SERVER, wanted } from '../support/publish-stage.js';

const ALL = { first: 1, last: 65_535 };
const GAMES = { first: 27_000, last: 27_100 };
const GRACE_MS = 60_000;

describe('a request to publish', () => {
  test('opens all its ports, which are the client’s alone', async () => {
    const stage = new PublishStage();
    const [ada, bob] = [stage.client('ada', GAMES), stage.client('bob', ALL)];
    const mapping = { name: 'game', idleMs: 5000, maxFlows: 7, token: 1 };
    expect(await stage.publish(ada, wanted('27000-27002', mapping))).toEqual({
      status: STATUS.done,
      ports: { endpoint: { address: '::', port: 27_000 }, count: 3 },
    });
    expect(stage.open).toEqual(['[::]:27000', '[::]:27001', '[::]:27002']);
    expect(await stage.isHeard(27_001)).toBe(true);
    const refusal = { port: 27_002, reason: 'held-by-another-client', holder: 'ada' };
    expect(await stage.publish(bob, wanted('27002-27005'))).toEqual({ status: STATUS.unavailable, ...refusal });
    expect(stage.open).toHaveLength(3);
    expect(stage.events).toEqual([
      { kind: 'published', client: 'ada', ports: '[::]:27000-27002', mapping: 'game' },
      { kind: 'refused', client: 'bob', ports: '[::]:27002-27005', ...refusal },
    ]);
    const facts = { mode: 'publish', client: 'ada', ports: '[::]:27000-27002', openPorts: 3, state: 'open' };
    expect(stage.publications.list()).toEqual([{ ...facts, name: 'game', flows: 0, maxFlows: 7, idleMs: 5000 }]);
  });

  test.each([
    ['27000-27101', [GAMES], 27_101],
    ['26999-27000', [GAMES], 26_999],
    ['53', [GAMES], 53],
    ['27000', [], 27_000],
    ['0', [], undefined],
    ['27000-27200', [GAMES, { first: 27_102, last: 27_200 }], 27_101],
  ])('for %s with rights to %j is denied, with the first port of these', async (ports, rights, port) => {
    const stage = new PublishStage();
    const outcome = await stage.publish(stage.client('ada', ...rights), wanted(ports));
    expect(outcome).toEqual({ status: STATUS.denied, reason: 'not-allowed', ...(port !== undefined && { port }) });
    expect([stage.made, stage.assignments()]).toEqual([0, []]);
  });

  test('for ports that several rights permit together is granted', async () => {
    const stage = new PublishStage();
    const ada = stage.client('ada', { first: 27_005, last: 27_020 }, { first: 27_000, last: 27_007 });
    expect(await stage.ports(ada, wanted('27000-27020'))).toBe('[::]:27000-27020');
  });

  test('of which another program has a port opens nothing, and names the port', async () => {
    const stage = new PublishStage();
    const ada = stage.client('ada', GAMES);
    const other = await stage.occupy({ address: '::', port: 27_070 });
    const refusal = { status: STATUS.unavailable, port: 27_070, reason: 'address-in-use' };
    expect(await stage.publish(ada, wanted('27000-27100'))).toEqual(refusal);
    expect([stage.open, stage.assignments(), stage.changes]).toEqual([[], [], 0]);
    expect(stage.isOwn(27_000)).toBe(false);
    await other.close();
    expect(await stage.ports(ada, wanted('27000-27100'))).toBe('[::]:27000-27100');
    expect([stage.open.length, stage.isOwn(27_000), stage.isOwn(27_101)]).toEqual([101, true, false]);
  });

  test('for which the host has too few descriptors opens nothing, and those are said to be short', async () => {
    const stage = new PublishStage({ hostSockets: 80 });
    const ada = stage.client('ada', GAMES);
    expect(await stage.publish(ada, wanted('27000-27100'))).toMatchObject({
      status: STATUS.limit,
      reason: 'too-many-open-files',
    });
    expect([stage.open, stage.assignments(), stage.shortages]).toEqual([[], [], 1]);
    expect(await stage.ports(ada, wanted('27000-27079'))).toBe('[::]:27000-27079');
  });

  test('beyond the sockets that the ports of all clients may have is over the limit', async () => {
    const stage = new PublishStage({ maxSockets: 10 });
    const [ada, bob] = [stage.client('ada', GAMES), stage.client('bob', ALL)];
    await stage.ports(ada, wanted('27000-27005'));
    const limit = { status: STATUS.limit, reason: 'too-many-ports' };
    expect(await stage.publish(bob, wanted('53-57'))).toEqual(limit);
    expect(await stage.ports(bob, wanted('53-56'))).toBe('[::]:53-56');
    await stage.publications.unpublish(ada, wanted('27000-27005'));
    expect(await stage.ports(bob, wanted('60-65'))).toBe('[::]:60-65');
    stage.isShort = true;
    expect(await stage.publish(ada, wanted('27000'))).toEqual(limit);
  });

  test.each(['permission-denied', 'address-not-available'] as const)('that meets %s is unavailable', async (code) => {
    const stage = new PublishStage({
      beforeOpen: () => {
        throw new SocketError(code, 'open');
      },
    });
    const outcome = await stage.publish(stage.client('ada', ALL), wanted('53', {}, '198.51.100.9'));
    expect(outcome).toEqual({ status: STATUS.unavailable, reason: code, port: 53 });
  });

  test('that fails in a way that nobody knows is a fault, and holds nothing', async () => {
    let isBroken = true;
    const error = new TypeError('a bug');
    const stage = new PublishStage({
      beforeOpen: () => {
        if (isBroken) throw error;
      },
    });
    const ada = stage.client('ada', ALL);
    expect(await stage.publish(ada, wanted('53'))).toEqual({ status: STATUS.failed, reason: 'fault' });
    expect([stage.faults, stage.open]).toEqual([[error], []]);
    isBroken = false;
    expect(await stage.ports(ada, wanted('53'))).toBe('[::]:53');
  });

  test('is over the limit where its client asks without end, and costs another client nothing', async () => {
    const stage = new PublishStage();
    const [ada, bob] = [stage.client('ada', ALL), stage.client('bob', ALL)];
    const ask = async (): Promise<number | undefined> => {
      const outcome = await stage.publish(ada, wanted('27000-27959', { token: 1 }));
      await stage.publications.unpublish(ada, wanted('27000-27959'));
      return outcome?.status;
    };
    const statuses: unknown[] = [];
    for (let i = 0; i < 22; i++) statuses.push(await ask());
    expect(statuses).toEqual([...Array<number>(20).fill(STATUS.done), STATUS.limit, STATUS.limit]);
    expect(stage.events.at(-1)).toMatchObject({ kind: 'refused', client: 'ada', reason: 'too-many-requests' });
    expect(await stage.ports(bob, wanted('53'))).toBe('[::]:53');
    await stage.pass(1000);
    expect([await ask(), await ask()]).toEqual([STATUS.done, STATUS.limit]);
  });

  test('takes turns with the others of its client', async () => {
    const stage = new PublishStage();
    const ada = stage.client('ada', GAMES);
    const outcomes = await Promise.all([
      stage.ports(ada, wanted('27000-27010', { token: 1 })),
      stage.publications.unpublish(ada, wanted('27000-27010')),
      stage.ports(ada, wanted('27005-27020', { token: 2 })),
    ]);
    expect(outcomes).toEqual(['[::]:27000-27010', true, '[::]:27005-27020']);
    expect(stage.open).toHaveLength(16);
  });

  test('never gets the same port as one of another client at the same time', async () => {
    const stage = new PublishStage();
    const clients = ['ada', 'bob', 'eve'].map((name) => stage.client(name, ALL));
    const outcomes = await Promise.all(
      clients.map((client, i) => stage.publish(client, wanted(`${50 + i}-${90 + i}`))),
    );
    expect(outcomes.map((outcome) => outcome?.status)).toEqual([STATUS.done, STATUS.unavailable, STATUS.unavailable]);
    expect(stage.open).toHaveLength(41);
  });

  test('of a session that is over opens nothing', async () => {
    const stage = new PublishStage();
    const ada = stage.client('ada', GAMES);
    stage.cut(ada);
    expect(await stage.publish(ada, wanted('27000-27010'))).toBeUndefined();
    expect([stage.open, stage.assignments(), stage.events]).toEqual([[], [], []]);
  });

  test('has the settings of the server where it states none, and they have bounds', async () => {
    const stage = new PublishStage();
    const ada = stage.client('ada', ALL);
    await stage.ports(ada, wanted('1'));
    await stage.ports(ada, wanted('2', { idleMs: 0, maxFlows: 101 }));
    await stage.ports(ada, wanted('3', { idleMs: 5, maxFlows: 99 }));
    expect(stage.publications.list().map(({ idleMs, maxFlows }) => [idleMs, maxFlows])).toEqual([
      [120_000, 100],
      [0, 100],
      [1000, 99],
    ]);
  });
});

describe('two ranges', () => {
  test.each([
    ['::', SERVER, true],
    [SERVER, '::', true],
    [SERVER, SERVER, true],
    ['0.0.0.0', SERVER, true],
    ['0.0.0.0', '::', true],
    ['127.0.0.1', SERVER, false],
  ])('at %s and %s overlap where their ports meet: %s', async (one, other, isOverlap) => {
    const stage = new PublishStage();
    const [ada, bob] = [stage.client('ada', ALL), stage.client('bob', ALL)];
    await stage.ports(ada, wanted('50-60', {}, one));
    const outcome = await stage.publish(bob, wanted('60-70', {}, other));
    if (isOverlap) expect(outcome).toMatchObject({ status: STATUS.unavailable, port: 60, holder: 'ada' });
    else expect(outcome).toMatchObject({ status: STATUS.done });
    expect(await stage.publish(bob, wanted('40-49', {}, other))).toMatchObject({ status: STATUS.done });
  });
});

describe('published ports', () => {
  test('stay open while their client is away, for the grace time and no longer', async () => {
    const stage = new PublishStage();
    const [ada, bob] = [stage.client('ada', GAMES), stage.client('bob', ALL)];
    await stage.ports(ada, wanted('27000-27002'));
    stage.end(ada);
    await stage.pass(GRACE_MS - 10);
    expect(await stage.isHeard(27_000)).toBe(true);
    expect(stage.publications.list()).toMatchObject([{ state: 'kept', openPorts: 3 }]);
    expect(await stage.publish(bob, wanted('27001'))).toMatchObject({ status: STATUS.unavailable, holder: 'ada' });
    await stage.pass(20);
    expect([stage.open, stage.assignments(), stage.isOwn(27_000)]).toEqual([[], [], false]);
    expect(stage.events.at(-1)).toEqual({
      ...{ kind: 'closed', client: 'ada', ports: '[::]:27000-27002', cause: 'not-asked-for' },
    });
    expect(await stage.ports(bob, wanted('27001'))).toBe('[::]:27001');
  });

  test('go on with the same sockets and new settings where their client asks again', async () => {
    const stage = new PublishStage();
    const ada = stage.client('ada', GAMES);
    await stage.ports(ada, wanted('27000-27002', { token: 1, name: 'old', maxFlows: 5 }));
    stage.end(ada);
    await stage.pass(GRACE_MS / 2);
    stage.begin(ada);
    expect(await stage.ports(ada, wanted('27000-27002', { token: 1, name: 'new', maxFlows: 6 }))).toBe(
      '[::]:27000-27002',
    );
    await stage.pass(3 * GRACE_MS);
    expect([stage.made, stage.open.length, stage.told]).toEqual([3, 3, ['published']]);
    expect(stage.publications.list()).toMatchObject([{ name: 'new', maxFlows: 6, state: 'open' }]);
  });

  test('are found by their ports where their client states no token, or another one', async () => {
    const stage = new PublishStage();
    const ada = stage.client('ada', GAMES);
    await stage.ports(ada, wanted('27000', {}));
    stage.begin(ada);
    await stage.ports(ada, wanted('27000', { token: 1 }));
    stage.begin(ada);
    await stage.ports(ada, wanted('27000', { token: 2 }));
    expect([stage.made, stage.assignments()]).toMatchObject([1, [{ token: 2 }]]);
    await stage.ports(ada, wanted('27000', { token: 2 }));
    expect(stage.changes).toBe(3);
  });

  test('are kept from the return of a client that does not ask for them', async () => {
    const stage = new PublishStage();
    const ada = stage.client('ada', GAMES);
    await stage.ports(ada, wanted('27000', { token: 1 }));
    await stage.ports(ada, wanted('27001', { token: 2 }));
    stage.end(ada);
    await stage.pass(GRACE_MS - 100);
    stage.begin(ada);
    await stage.ports(ada, wanted('27001', { token: 2 }));
    await stage.pass(GRACE_MS - 100);
    expect(stage.publications.list().map(({ state }) => state)).toEqual(['kept', 'open']);
    await stage.pass(200);
    expect(stage.open).toEqual(['[::]:27001']);
  });

  test('outlive a session that another has replaced', async () => {
    const stage = new PublishStage();
    const ada = stage.client('ada', GAMES);
    await stage.ports(ada, wanted('27000'));
    stage.begin(ada);
    await stage.ports(ada, wanted('27000'));
    await stage.pass(2 * GRACE_MS);
    expect([stage.open, stage.made]).toEqual([['[::]:27000'], 1]);
  });

  test('change with their mapping: the same token with other ports closes the former ones', async () => {
    const stage = new PublishStage();
    const ada = stage.client('ada', GAMES);
    await stage.ports(ada, wanted('27000-27010', { token: 1 }));
    expect(await stage.ports(ada, wanted('27005-27006', { token: 1 }))).toBe('[::]:27005-27006');
    expect(stage.open).toEqual(['[::]:27005', '[::]:27006']);
    expect(stage.events.slice(1)).toMatchObject([{ kind: 'closed', cause: 'replaced' }, { kind: 'published' }]);
  });

  test('are not had twice by two mappings of one client', async () => {
    const stage = new PublishStage();
    const ada = stage.client('ada', GAMES);
    await stage.ports(ada, wanted('27000-27010', { token: 1 }));
    const refusal = { status: STATUS.unavailable, reason: 'used-by-another-mapping' };
    expect(await stage.publish(ada, wanted('27000-27010', { token: 2 }))).toEqual({ ...refusal, port: 27_000 });
    expect(await stage.publish(ada, wanted('27010-27020', { token: 3 }))).toEqual({ ...refusal, port: 27_010 });
    expect(await stage.publish(ada, wanted('27010', {}, SERVER))).toEqual({ ...refusal, port: 27_010 });
    expect(stage.open).toHaveLength(11);
  });

  test('of a former configuration of the client give way to its new one', async () => {
    const stage = new PublishStage();
    const ada = stage.client('ada', GAMES);
    await stage.ports(ada, wanted('27000-27010', { token: 1 }));
    stage.begin(ada);
    expect(await stage.ports(ada, wanted('27005-27020', { token: 2 }))).toBe('[::]:27005-27020');
    expect([stage.open.length, stage.open[0]]).toEqual([16, '[::]:27005']);
  });

  test('close when their client takes them back, and are free for others', async () => {
    const stage = new PublishStage();
    const [ada, bob] = [stage.client('ada', GAMES), stage.client('bob', GAMES)];
    await stage.ports(ada, wanted('27000-27010', { name: 'game' }));
    for (const other of ['27000', '27000-27009', '27001-27010'])
      expect(await stage.publications.unpublish(ada, wanted(other))).toBe(false);
    expect(await stage.publications.unpublish(ada, wanted('27000-27010', {}, SERVER))).toBe(false);
    expect(await stage.publications.unpublish(bob, wanted('27000-27010'))).toBe(false);
    expect(stage.open).toHaveLength(11);
    expect(await stage.publications.unpublish(ada, wanted('27000-27010'))).toBe(true);
    expect([stage.open, stage.assignments()]).toEqual([[], []]);
    expect(stage.events.at(-1)).toEqual({
      kind: 'unpublished',
      client: 'ada',
      ports: '[::]:27000-27010',
      mapping: 'game',
    });
    expect(await stage.ports(bob, wanted('27000-27010'))).toBe('[::]:27000-27010');
  });

  test('close, without a word lost of who they are, when the server ends', async () => {
    const stage = new PublishStage();
    const ada = stage.client('ada', GAMES);
    await stage.ports(ada, wanted('27000-27010', { token: 9 }));
    const opening = stage.publish(ada, wanted('27020-27099'));
    await stage.publications.close();
    expect(await opening).toMatchObject({ status: STATUS.draining });
    expect(await stage.publish(ada, wanted('27011'))).toEqual({ status: STATUS.draining, reason: 'draining' });
    stage.end(ada);
    await stage.pass(2 * GRACE_MS);
    expect([stage.open, stage.assignments().length]).toEqual([[], 1]);
  });
});

test('an address of many hosts is published for nobody', async () => {
  const stage = new PublishStage();
  const ada = stage.client('ada', GAMES);
  for (const address of ['224.0.0.1', '255.255.255.255', 'ff02::1']) {
    const request = { ...wanted('27000'), endpoint: { address, port: 27_000 } };
    const outcome = { status: STATUS.unavailable, reason: 'address-not-available' };
    expect(await stage.publish(ada, request)).toMatchObject(outcome);
  }
  expect(stage.open).toEqual([]);
});

describe('rights that end', () => {
  test.each([
    ['revoked', (stage: PublishStage, ada: ReturnType<PublishStage['client']>) => stage.revoke(ada), 'revoked'],
    [
      'narrowed',
      (stage: PublishStage, ada: ReturnType<PublishStage['client']>) =>
        stage.allow(ada, { first: 27_000, last: 27_004 }),
      'not-allowed',
    ],
  ])('because they are %s close ports at once, whether the client is there or not', async (_how, change, cause) => {
    for (const isThere of [true, false]) {
      const stage = new PublishStage();
      const [ada, bob] = [stage.client('ada', GAMES), stage.client('bob', GAMES)];
      await stage.ports(ada, wanted('27000-27005'));
      await stage.ports(bob, wanted('27006'));
      if (!isThere) stage.end(ada);
      change(stage, ada);
      expect(stage.events.at(-1)).toMatchObject({ kind: 'closed', client: 'ada', cause });
      expect(await stage.ports(bob, wanted('27001'))).toBe('[::]:27001');
      expect(stage.open).toEqual(['[::]:27001', '[::]:27006']);
      expect(await stage.publish(ada, wanted('27005'))).toMatchObject({ status: STATUS.denied });
    }
  });

  test('leave ports that the client may still have', async () => {
    const stage = new PublishStage();
    const ada = stage.client('ada', GAMES);
    await stage.ports(ada, wanted('27000'));
    stage.allow(ada, { first: 27_000, last: 27_000 });
    expect([stage.open, stage.made]).toEqual([['[::]:27000'], 1]);
  });

  test('by their expiry close ports within a second', async () => {
    const stage = new PublishStage();
    const [ada, bob] = [stage.client('ada'), stage.client('bob', GAMES)];
    stage.allowUntil(ada, 30_000, GAMES);
    await stage.ports(ada, wanted('27000'));
    await stage.ports(bob, wanted('27001'));
    await stage.pass(29_900);
    expect(stage.open).toHaveLength(2);
    await stage.pass(1100);
    expect([stage.open, stage.events.at(-1)]).toMatchObject([['[::]:27001'], { client: 'ada', cause: 'expired' }]);
  });

  test('while the ports open leave nothing open', async () => {
    const stage = new PublishStage();
    const ada = stage.client('ada', GAMES);
    const publishing = stage.publish(ada, wanted('27000-27100'));
    await Promise.resolve();
    stage.revoke(ada);
    expect(await publishing).toEqual({ status: STATUS.denied, reason: 'not-allowed' });
    expect([stage.open, stage.assignments()]).toEqual([[], []]);
  });
});
