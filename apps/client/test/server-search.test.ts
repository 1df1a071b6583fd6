import { describe, expect, test } from '@jest/globals';
import { chooseServer } from '../src/server-search.js';

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
