import { describe, expect, test } from '@jest/globals';
import { chooseServer } from '../src/server-search.js';
import { MemoryWorld } from './support/memory-world.js';

const FIRST = { address: '2001:db8::1', port: 7878 };
const SECOND = { address: '192.0.2.1', port: 7878 };

describe('the address at which the client tries its server next', () => {
  test('is each address of the name in turn', () => {
    const tried = [0, 1, 2, 3].map((tries) => chooseServer([FIRST, SECOND], undefined, tries));
    expect(tried).toEqual([FIRST, SECOND, FIRST, SECOND]);
  });

  test('is none if the name leads nowhere', () => {
    expect(chooseServer([], undefined, 3)).toBeUndefined();
    expect(chooseServer([], FIRST, 3)).toBeUndefined();
  });

  test('stays that of a session whose path is lost, as long as the name leads there', () => {
    for (const tries of [0, 1, 2]) expect(chooseServer([FIRST, SECOND], SECOND, tries)).toEqual(SECOND);
    expect(chooseServer([FIRST], SECOND, 5)).toEqual(FIRST);
    expect(chooseServer([{ ...SECOND, port: 9 }], SECOND, 5)).toEqual({ ...SECOND, port: 9 });
  });
});

describe('the search for a server', () => {
  test('has three seconds for each address, and then tells users, once, that nobody answers', async () => {
    const world = new MemoryWorld();
    world.names.set('relay.example', [SECOND.address, '192.0.2.2']);
    await world.client.open({ forward: [], publish: [] });
    const told: string[] = [];
    const search = world.newSearch('relay.example', (message) => told.push(message));
    search.begin();
    await world.pass(2999);
    expect([world.lookUps.length, told]).toEqual([1, []]);
    await world.pass(1);
    const noAnswer = [expect.stringMatching(/^no answer from the server/)];
    expect([world.lookUps.length, told]).toEqual([2, noAnswer]);
    await world.pass(30_000);
    expect([world.lookUps.length, told]).toEqual([12, noAnswer]);
    search.end();
    await world.pass(30_000);
    expect(world.lookUps).toHaveLength(12);
    expect(await world.end()).toEqual({ faults: [], unaccounted: 0 });
  });
});
