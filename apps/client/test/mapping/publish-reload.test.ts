import { afterEach, describe, expect, test } from '@jest/globals';
import { STATUS, type ReceivedPublishRequest } from '@relay/packet';
import { Publications } from '../../src/mapping/publications.js';
import { MemoryWorld } from '../support/memory-world.js';
import { publishOf } from '../support/publish-of.js';

let world = new MemoryWorld();
const open = async (...texts: string[]): Promise<MemoryWorld> => (world = await MemoryWorld.open(texts.map(publishOf)));
const apply = (...texts: string[]): Promise<unknown> => world.apply(texts.map(publishOf));
const states = (): string[] => world.publishes.map(({ state }) => state.kind);

afterEach(async () => {
  expect(await world.end()).toEqual({ faults: [], unaccounted: 0 });
});

describe('a reload', () => {
  test('without a session needs no timer', () => {
    const publications = new Publications({ services: world.client.shard.services, chance: () => 0 });
    publications.apply([publishOf('27015'), publishOf('27016')], 1000);
    publications.apply([publishOf('27015;idle=5s')], 2000);
    expect(publications.nextAskMs).toBe(Infinity);
    expect(publications.publishes.map(({ mapping: { idle } }) => idle)).toEqual([5000]);
  });

  test('publishes what is new, closes what is gone, and touches nothing else', async () => {
    await open('27015=9000', '27016=9000');
    await world.openService(9000);
    await world.visit('a', 27_015);
    world.takeAsked();
    await apply('27015=9000', '27017=9000');
    await world.pass(100);
    expect(world.takeAsked()).toEqual(['unpublish 27016+1', 'publish 27017+1']);
    expect([states(), world.openPorts]).toEqual([
      ['open', 'open'],
      [27_015, 27_017],
    ]);
    expect(world.publishes[0]?.service.flowCount).toBe(1);
  });

  test('asks again with the same token if settings have changed, and flows stay', async () => {
    await open('27015=9000');
    await world.openService(9000);
    await world.visit('a', 27_015);
    await apply('27015=9000;idle=5s;maxFlows=3;name=game');
    await world.pass(100);
    const [before, after] = world.asked.map(({ wanted }) => wanted as ReceivedPublishRequest);
    expect(after).toEqual({ ...before, name: 'game', idleMs: 5000, maxFlows: 3 });
    expect(world.publishes[0]?.service.mapping).toEqual({ idleMs: 5000, maxFlows: 3 });
    expect(world.publishes[0]?.service.flowCount).toBe(1);
    await apply('27015=9000;idle=5s;maxFlows=3;name=game');
    await world.pass(100);
    expect(world.asked).toHaveLength(2);
  });

  test('that changes settings twice, and back, asks one after another', async () => {
    await open('27015=9000');
    world.asked.splice(0);
    await apply('27015=9000;idle=5s');
    await apply('27015=9000;idle=6s');
    await apply('27015=9000;idle=7s');
    await world.pass(100);
    const asked = world.asked.map(({ wanted }) => ('idleMs' in wanted ? wanted.idleMs : undefined));
    expect(asked).toEqual([5000, 7000]);
  });

  test('that asks for a refused one with other settings asks at once', async () => {
    world = new MemoryWorld();
    world.answerTo = ({ name }) => (name === undefined ? undefined : { status: STATUS.unsupported });
    await world.start([publishOf('27015;name=game')]);
    expect(states()).toEqual(['refused']);
    await apply('27015');
    await world.pass(100);
    expect(states()).toEqual(['open']);
  });

  test('that leads the same port elsewhere never closes it, and ends the flows', async () => {
    await open('27015=9000');
    await world.openService(9000);
    await world.openService(9001);
    await world.visit('a', 27_015);
    world.takeAsked();
    await apply('27015=9001');
    await world.pass(100);
    expect(world.takeAsked()).toEqual(['publish 27015+1']);
    await world.visit('b', 27_015);
    expect(world.arrived).toEqual(['9000 a', '9001 b']);
  });

  test('that moves a range closes the old ports before it asks for the new ones', async () => {
    await open('27000-27002=9000-9002');
    world.takeAsked();
    await apply('27001-27003=9000-9002');
    await world.pass(100);
    expect(world.takeAsked()).toEqual(['unpublish 27000+3', 'publish 27001+3']);
    expect([states(), world.openPorts]).toEqual([['open'], [27_001]]);
  });

  test('that removes what was just asked for closes it after its answer', async () => {
    await open('27015');
    world.takeAsked();
    await apply('27015', '27016');
    await apply('27015');
    await world.pass(100);
    expect(world.takeAsked()).toEqual(['publish 27016+1', 'unpublish 27016+1']);
    expect(world.openPorts).toEqual([27_015]);
  });

  test('that replaces what was just asked for has it in the end', async () => {
    await open('27015');
    await world.openService(9001);
    await apply('27015', '27016=9000');
    await apply('27015', '27016=9001');
    await world.pass(100);
    expect(world.openPorts).toEqual([27_015, 27_016]);
    await world.visit('a', 27_016);
    expect(world.arrived).toEqual(['9001 a']);
  });

  test('that replaces what was just asked for, and one that takes that back, leave nothing open', async () => {
    await open('27015');
    await apply('27015', '27016=9000');
    await apply('27015', '27016=9001');
    await apply('27015');
    await world.pass(100);
    expect(world.openPorts).toEqual([27_015]);
  });

  test('that removes and adds port 0 again has it open', async () => {
    await open('0=9000');
    await apply();
    await apply('0=9000');
    await world.pass(100);
    expect([states(), world.openPorts]).toEqual([['open'], [40_000]]);
  });

  test('while there is no session asks for nothing until there is one', async () => {
    await open('27015', '27016');
    world.takeAsked();
    world.closeSession();
    await world.pass(6); // the client knows of the end, and has no answer from the server yet
    expect(states()).toEqual(['waiting', 'waiting']);
    await apply('27015', '27017');
    await world.pass(1000);
    expect(world.takeAsked()).toEqual(['publish 27015+1', 'publish 27017+1']);
  });
});
