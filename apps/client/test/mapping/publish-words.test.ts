import { describe, expect, test } from '@jest/globals';
import { Publish, type PublishRefusal } from '../../src/mapping/publish.js';
import { refusalMessage, untakenSettings } from '../../src/mapping/publish-words.js';
import { publishOf } from '../support/publish-of.js';

const message = (text: string, status: PublishRefusal['status'], port?: number): string =>
  refusalMessage(new Publish(publishOf(text), 0), { status, port });

describe('the message about a refused publish', () => {
  test.each([
    ['27015', 27_015, 'port 27015: ask for an invitation made with --publish 27015'],
    ['27015=9000', undefined, 'port 27015: ask for an invitation made with --publish 27015'],
    ['27000-27010', 27_003, 'port 27003: ask for an invitation made with --publish 27000-27010'],
    ['27000-27010', undefined, 'ports 27000-27010: ask for an invitation made with --publish 27000-27010'],
    ['0=9000', undefined, 'any port: ask for an invitation made with --publish PORTS'],
  ])('that is denied names the port and the invitation that allows it: %s, %j', (text, port, end) => {
    expect(message(text, 'denied', port)).toBe(`the server does not allow ${end}`);
  });

  test.each([
    ['unavailable', /^port 27015 cannot be opened on the server .*free it or choose another; it is asked for again$/],
    ['limit', /^the server has no room for port 27015: raise its limit .*it is asked for again$/],
    ['draining', /^the server is about to end and does not open port 27015: it is asked for again$/],
    ['malformed', /^the server does not understand the request for port 27015: install the same release/],
    ['unsupported', /^the server cannot publish, .* port 27015: install a newer release there$/],
    ['failed', /^the server did not open port 27015, and its log may say why: it is asked for again$/],
    ['notFound', /^the server did not open port 27015/],
  ] as const)('as %s says what, why and the remedy', (status, expected) => {
    expect(message('27015', status, 27_015)).toMatch(expected);
  });
});

test.each([
  ['27015', []],
  ['27015;idle=2m;maxFlows=4096', []],
  ['27015;name=game;idle=never;maxFlows=5', ['name', 'idle', 'maxFlows']],
])('the settings of %s that a former server does not take are those that are not the default', (text, settings) => {
  expect(untakenSettings(publishOf(text))).toEqual(settings);
});
