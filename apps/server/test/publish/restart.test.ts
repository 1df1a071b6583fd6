import { describe, expect, test } from '@jest/globals';
import { STATUS } from '@relay/packet';
import { PublishStage, wanted, type StageClient } from '../support/publish-stage.js';

const GAMES = { first: 27_000, last: 27_100 };
const GRACE_MS = 60_000;

/** A server that was started again, as each of these clients knows it; none has a session. */
function restarted(former: PublishStage, ...clients: readonly StageClient[]): PublishStage {
  return restartedOn(new PublishStage(), former, ...clients);
}

function restartedOn(stage: PublishStage, former: PublishStage, ...clients: readonly StageClient[]): PublishStage {
  for (const client of clients) stage.allow(client, GAMES);
  stage.publications.reserve(former.assignments());
  stage.settle();
  return stage;
}

describe('a server that ends', () => {
  test.each([
    ['closed', 'close'],
    ['opened', 'open'],
  ] as const)('waits until ports that are being %s are free', async (_what, work) => {
    let go = (): void => undefined;
    const mayGo = new Promise<void>((resolve) => (go = resolve));
    const stage = new PublishStage({
      prepare: (socket) => {
        const doIt = socket[work].bind(socket);
        socket[work] = () => mayGo.then(doIt);
      },
    });
    const published = stage.publish(stage.client('ada', GAMES), wanted('27000'));
    await stage.pass(1);
    let hasEnded = false;
    const ended = stage.publications.close().then(() => {
      hasEnded = true;
    });
    await stage.pass(1000);
    expect(hasEnded).toBe(false);
    go();
    await Promise.all([ended, published]);
    expect([stage.open, stage.faults]).toEqual([[], []]);
  });
});

describe('after a restart of the server', () => {
  test('ports are kept for their client, who gets them back with the first request', async () => {
    const former = new PublishStage();
    const [ada, bob] = [former.client('ada', GAMES), former.client('bob', GAMES)];
    await former.ports(ada, wanted('27000-27010', { token: 1 }));
    const any = await former.ports(ada, wanted('0', { token: 2 }));
    const stage = restarted(former, ada, bob);
    expect([stage.open, stage.publications.list().map(({ state }) => state)]).toEqual([[], ['kept', 'kept']]);
    stage.begin(bob);
    expect(await stage.publish(bob, wanted('27010'))).toMatchObject({ status: STATUS.unavailable, holder: 'ada' });
    await stage.pass(GRACE_MS - 100);
    stage.begin(ada);
    expect(await stage.ports(ada, wanted('27000-27010', { token: 1, name: 'game' }))).toBe('[::]:27000-27010');
    expect(await stage.ports(ada, wanted('0', { token: 2 }))).toBe(any);
    expect(stage.open).toHaveLength(12);
    await stage.pass(2 * GRACE_MS);
    expect(stage.publications.list()).toMatchObject([{ state: 'open', name: 'game' }, { state: 'open' }]);
    expect(stage.assignments()).toHaveLength(2);
  });

  test('ports for which nobody comes are free after the grace time', async () => {
    const former = new PublishStage();
    const [ada, bob] = [former.client('ada', GAMES), former.client('bob', GAMES)];
    await former.ports(ada, wanted('27000-27010'));
    const stage = restarted(former, ada, bob);
    await stage.pass(GRACE_MS + 1);
    stage.begin(bob);
    expect(await stage.ports(bob, wanted('27010'))).toBe('[::]:27010');
    expect([stage.events[0], stage.changes]).toMatchObject([{ kind: 'closed', cause: 'not-asked-for' }, 2]);
  });

  test('ports of clients that are gone, or may not have them any more, are kept for nobody', async () => {
    const former = new PublishStage();
    const [ada, bob, eve] = ['ada', 'bob', 'eve'].map((name) => former.client(name, { first: 1, last: 65_535 }));
    if (!ada || !bob || !eve) throw new Error('there are three');
    await former.ports(ada, wanted('27000'));
    await former.ports(bob, wanted('26998-26999'));
    await former.ports(eve, wanted('27050'));
    const stage = restarted(former, bob, eve);
    expect(stage.publications.list()).toMatchObject([{ client: 'eve', ports: '[::]:27050' }]);
    expect(stage.changes).toBe(2);
  });

  test('lines that contradict each other give a port to one client only', async () => {
    const former = new PublishStage();
    const [ada, bob] = [former.client('ada', GAMES), former.client('bob', GAMES)];
    await former.ports(ada, wanted('27000-27010'));
    const stage = new PublishStage();
    for (const client of [ada, bob]) stage.allow(client, GAMES);
    const [line] = former.assignments();
    if (line === undefined) throw new Error('there is a line');
    stage.publications.reserve([line, { ...line, publicKey: bob.publicKey }]);
    expect(stage.publications.list()).toMatchObject([{ client: 'ada' }]);
  });

  test('a port that another program has taken is left out, named, and tried again after 5 s, then ever later', async () => {
    const former = new PublishStage();
    const ada = former.client('ada', GAMES);
    await former.ports(ada, wanted('27000-27010'));
    const stage = restarted(former, ada);
    const other = await stage.occupy({ address: '::', port: 27_004 });
    stage.begin(ada);
    expect(await stage.ports(ada, wanted('27000-27010'))).toBe('[::]:27000-27010');
    expect(stage.open).toHaveLength(10);
    const partly = { kind: 'partly', client: 'ada', ports: '[::]:27000-27010', port: 27_004, reason: 'address-in-use' };
    expect(stage.events).toEqual([partly]);
    expect(stage.publications.list()).toMatchObject([{ state: 'partly open', openPorts: 10 }]);
    await stage.pass(5001);
    expect(stage.events).toEqual([partly, partly]);
    await other.close();
    await stage.pass(9998);
    expect(stage.open).toHaveLength(10);
    await stage.pass(2);
    expect([stage.open.length, stage.events.at(-1)]).toMatchObject([11, { kind: 'published', client: 'ada' }]);
    expect(stage.publications.list()).toMatchObject([{ state: 'open', openPorts: 11 }]);
    await stage.pass(3 * GRACE_MS);
    expect([stage.events.length, await stage.isHeard(27_004)]).toEqual([3, true]);
  });

  test('a client regains as many ports as there are descriptors for, and the others later', async () => {
    const former = new PublishStage();
    const ada = former.client('ada', GAMES);
    await former.ports(ada, wanted('27000-27010'));
    const stage = restarted(former, ada);
    stage.isShort = true;
    stage.begin(ada);
    await stage.ports(ada, wanted('27000-27010'));
    expect([stage.open, stage.events]).toMatchObject([
      [],
      [{ kind: 'partly', reason: 'too-many-ports', port: 27_000 }],
    ]);
    stage.isShort = false;
    await stage.pass(5001);
    expect([stage.open.length, stage.told]).toEqual([11, ['partly', 'published']]);
  });

  test('ports are tried again where the addresses of this host cannot be read at first', async () => {
    const former = new PublishStage();
    const ada = former.client('ada', GAMES);
    await former.ports(ada, wanted('27000-27010'));
    const stage = restartedOn(new PublishStage({ engine: 'dgram' }), former, ada);
    stage.areAddressesReadable = false;
    stage.begin(ada);
    await stage.ports(ada, wanted('27000-27010'));
    expect([stage.open, stage.faults.length, stage.events]).toMatchObject([
      [],
      1,
      [{ kind: 'partly', reason: 'fault' }],
    ]);
    stage.areAddressesReadable = true;
    await stage.pass(5001);
    expect([stage.open.length, stage.told]).toEqual([22, ['partly', 'published']]);
  });

  test('ports stay kept where the session of their client is over before they are open', async () => {
    const former = new PublishStage();
    const ada = former.client('ada', GAMES);
    await former.ports(ada, wanted('27000-27010', { token: 3 }));
    const stage = restarted(former, ada);
    stage.begin(ada);
    stage.cut(ada);
    expect(await stage.publish(ada, wanted('27000-27010', { token: 3 }))).toBeUndefined();
    stage.end(ada);
    expect([stage.open, stage.publications.list().map(({ state }) => state)]).toEqual([[], ['kept']]);
    stage.begin(ada);
    expect(await stage.ports(ada, wanted('27000-27010', { token: 3 }))).toBe('[::]:27000-27010');
  });
});
