import { expect, test } from '@jest/globals';
import { overlap } from '../../src/mapping/wanted-mappings.js';
import { LocalNames } from '../../src/mapping/local-names.js';
import { Publish } from '../../src/mapping/publish.js';
import { publishOf } from '../support/publish-of.js';

const ports = (first: number, last = first) => ({ address: '::', first, last });

test.each([
  [ports(0), ports(0), false],
  [ports(1), ports(1), true],
  [ports(1), ports(0), false],
  [ports(5, 9), ports(9, 12), true],
  [ports(9, 12), ports(5, 9), true],
  [ports(5, 8), ports(9, 12), false],
  [ports(1, 65_535), ports(53), true],
])('public ports %j and %j are wanted by two mappings: %j', (one, other, expected) => {
  expect([overlap(one, other), overlap(other, one)]).toEqual([expected, expected]);
});

test('the name of a published service is looked up, and an address is known, in the same call', () => {
  const asked: string[] = [];
  const names = new LocalNames({
    machine: {
      clock: () => 5,
      resolveName: (name) => {
        asked.push(name);
        return Promise.resolve(['127.0.0.2']);
      },
    },
    onLooked: () => undefined,
    onFault: () => undefined,
    settle: () => undefined,
  });
  const [named, literal] = [
    new Publish(publishOf('1=game.lan:9000'), 1),
    new Publish(publishOf('2=127.0.0.3:9000'), 2),
  ];
  names.follow([named, literal], 5);
  expect([asked, named.isResolved, literal.isResolved]).toEqual([['game.lan'], false, true]);
});
