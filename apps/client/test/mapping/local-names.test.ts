import { afterEach, describe, expect, test } from '@jest/globals';
import { MemoryWorld } from '../support/memory-world.js';
import { publishOf } from '../support/publish-of.js';

let world = new MemoryWorld();

afterEach(async () => {
  expect(await world.end()).toEqual({ faults: [], unaccounted: 0 });
});

describe('the name of a published service', () => {
  test('is resolved by this machine, and visitors reach its first address', async () => {
    world = new MemoryWorld();
    world.names.set('game.lan', ['127.0.0.2', '127.0.0.3']);
    await world.start([publishOf('27015=game.lan:9000'), publishOf('27016=game.lan:9000')]);
    await world.openService(9000, '127.0.0.2');
    expect([world.lookUps, world.looked]).toEqual([['game.lan'], ['game.lan 127.0.0.2']]);
    await world.visit('a', 27_015);
    expect(world.replies).toEqual(['27015 9000 a']);
  });

  test('is looked up every 30 s; open flows keep their address, new ones take the new one', async () => {
    world = new MemoryWorld();
    world.names.set('game.lan', ['127.0.0.2']);
    await world.start([publishOf('27015-27016=game.lan:9000-9001')]);
    await world.openService(9000, '127.0.0.2');
    await world.openService(9001, '127.0.0.3');
    await world.visit('a', 27_015);
    world.names.set('game.lan', ['127.0.0.3']);
    await world.pass(30_000);
    expect([world.lookUps.length, world.looked.at(-1)]).toEqual([2, 'game.lan 127.0.0.3']);
    await world.visit('b', 27_015);
    await world.visit('c', 27_016);
    expect(world.arrived).toEqual(['9000 a', '9000 b', '9001 c']);
  });

  test('that cannot be resolved any more leads to its last address, and that is said once', async () => {
    world = new MemoryWorld();
    world.names.set('game.lan', ['127.0.0.2']);
    await world.start([publishOf('27015=game.lan:9000')]);
    await world.openService(9000, '127.0.0.2');
    world.names.delete('game.lan');
    await world.pass(100_000);
    expect(world.looked).toEqual(['game.lan 127.0.0.2', 'game.lan not found']);
    await world.visit('a', 27_015);
    expect(world.replies).toEqual(['27015 9000 a']);
    world.names.set('game.lan', ['127.0.0.2']);
    await world.pass(30_000);
    expect(world.looked.at(-1)).toBe('game.lan 127.0.0.2');
  });

  test('that resolves to no address is not found', async () => {
    world = new MemoryWorld();
    world.names.set('empty.lan', []).set('odd.lan', ['no address']);
    await world.start([publishOf('1=empty.lan:9000'), publishOf('2=odd.lan:9000'), publishOf('3=[fe80::1%nope]:9000')]);
    expect(world.looked.sort()).toEqual(['empty.lan not found', 'fe80::1%nope not found', 'odd.lan not found']);
    expect(world.publishes.map(({ isResolved }) => isResolved)).toEqual([false, false, false]);
  });

  test('is not looked up any more when its mapping is gone, and known at once to a new mapping', async () => {
    world = new MemoryWorld();
    world.names.set('game.lan', ['127.0.0.2']);
    await world.start([publishOf('27015=game.lan:9000')]);
    await world.apply([publishOf('27016=game.lan:9001')]);
    expect([world.lookUps.length, world.publishes[0]?.isResolved]).toEqual([1, true]);
    await world.apply([publishOf('27016=127.0.0.1:9001')]);
    await world.pass(100_000);
    expect(world.lookUps).toHaveLength(1);
  });
});
