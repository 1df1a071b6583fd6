import { describe, expect, test } from '@jest/globals';
import { STATUS } from '@relay/packet';
import { PublishStage, wanted } from '../support/publish-stage.js';

const FEW = [
  { first: 27_000, last: 27_001 },
  { first: 30_000, last: 30_001 },
];
const NAMES = ['27000', '27001', '30000', '30001'].map((port) => `[::]:${port}`);

describe('port 0', () => {
  test('is any of the permitted ports that is free, until none is left', async () => {
    const stage = new PublishStage();
    const ada = stage.client('ada', ...FEW);
    const found: string[] = [];
    for (let token = 0; token < 4; token++) found.push(await stage.ports(ada, wanted('0', { token })));
    expect(found.sort()).toEqual(NAMES);
    const refusal = { status: STATUS.unavailable, reason: 'no-free-port' };
    expect(await stage.publish(ada, wanted('0', { token: 9 }))).toEqual(refusal);
    expect(stage.events.at(-1)).toEqual({ kind: 'refused', client: 'ada', ports: '[::]:0', reason: 'no-free-port' });
    expect([stage.open, stage.assignments().length]).toEqual([NAMES, 4]);
  });

  test('is no port of another client, nor of another program', async () => {
    const stage = new PublishStage();
    const [ada, bob] = [stage.client('ada', ...FEW), stage.client('bob', ...FEW)];
    await stage.ports(bob, wanted('27000-27001'));
    await stage.occupy({ address: '::', port: 30_000 });
    expect(await stage.ports(ada, wanted('0'))).toBe('[::]:30001');
    expect(await stage.publish(ada, wanted('0'))).toMatchObject({ reason: 'no-free-port' });
  });

  test('is the same port again for the same mapping', async () => {
    const stage = new PublishStage();
    const ada = stage.client('ada', { first: 1024, last: 65_535 });
    const port = await stage.ports(ada, wanted('0', { token: 1 }));
    stage.begin(ada);
    const other = await stage.ports(ada, wanted('0', { token: 2 }));
    expect(await stage.ports(ada, wanted('0', { token: 1 }))).toBe(port);
    expect(other).not.toBe(port);
    expect(stage.made).toBe(2);
  });

  test('cannot be guessed: two servers choose different ports', async () => {
    const [one, two] = [new PublishStage({ seed: 1 }), new PublishStage({ seed: 2 })];
    const ports = await Promise.all(
      [one, two].map((stage) => stage.ports(stage.client('ada', { first: 1024, last: 65_535 }), wanted('0'))),
    );
    expect(ports[0]).not.toBe(ports[1]);
  });

  test('is refused at once where the host has no descriptor, whichever port it is', async () => {
    const stage = new PublishStage({ hostSockets: 0 });
    expect(await stage.publish(stage.client('ada', ...FEW), wanted('0'))).toMatchObject({ status: STATUS.limit });
    expect([stage.made, stage.open]).toEqual([1, []]);
  });

  test('is none that the client may have no longer, whenever its rights change while ports are tried', async () => {
    for (let turns = 0; turns < 100; turns++) {
      const stage = new PublishStage({ seed: turns });
      const ada = stage.client('ada', { first: 27_000, last: 27_009 });
      for (let port = 27_000; port < 27_009; port++) await stage.occupy({ address: '::', port });
      const publishing = stage.publish(ada, wanted('0'));
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      stage.allow(ada, { first: 27_000, last: 27_000 });
      await publishing;
      await stage.pass(1);
      expect([turns, stage.open, stage.assignments()]).toEqual([turns, [], []]);
    }
  });

  // With 2,000 such ports, one request held the server up for 2 s, and many for minutes.
  test('is tried on few ports where other programs have them all, and not for a session that is over', async () => {
    const stage = new PublishStage();
    const ada = stage.client('ada', { first: 27_000, last: 27_299 });
    for (let port = 27_000; port < 27_300; port++) await stage.occupy({ address: '::', port });
    expect(await stage.publish(ada, wanted('0'))).toMatchObject({ reason: 'no-free-port' });
    expect(stage.made).toBe(64);
    const requests = Array.from({ length: 10 }, (_, token) => stage.publish(ada, wanted('0', { token })));
    stage.end(ada);
    expect(await Promise.all(requests)).toEqual(Array.from({ length: 10 }, () => undefined));
    expect(stage.made).toBeLessThanOrEqual(65);
  });

  test('is asked for by so many requests of a client at a time, and the others are refused', async () => {
    const stage = new PublishStage();
    const [ada, bob] = [stage.client('ada', { first: 27_000, last: 27_299 }), stage.client('bob', ...FEW)];
    const requests = Array.from({ length: 100 }, (_, token) => stage.publish(ada, wanted('0', { token })));
    expect(await stage.publish(bob, wanted('0'))).toMatchObject({ status: STATUS.done });
    const outcomes = await Promise.all(requests);
    expect(outcomes.filter((outcome) => outcome?.status === STATUS.done)).toHaveLength(64);
    expect(outcomes.at(-1)).toMatchObject({ status: STATUS.limit, reason: 'too-many-requests' });
  });

  test('goes with the session that asked for it', async () => {
    const stage = new PublishStage();
    const ada = stage.client('ada', ...FEW);
    stage.cut(ada);
    expect(await stage.publish(ada, wanted('0'))).toBeUndefined();
    expect(stage.assignments()).toEqual([]);
  });
});
