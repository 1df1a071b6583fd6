import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { defineSchema, duration, integer, loadConfiguration, option, table } from '../src/index.js';
import { forward, schema } from './relay.js';

const upstreams = table(
  {
    target: option({ format: 'hostEndpoint', required: true, doc: 'What is reached.' }),
    deny: option({ format: 'cidr', array: true, doc: 'Who is refused.' }),
    tags: option({ format: 'list', default: ['a'], doc: 'Words.' }),
  },
  { expected: 'an upstream', parseText: (target) => ({ target }) },
);

/** The problem with a forward that a flag gives. */
function problemOf(text: string): { expected: string; suggestion: string | undefined; message: string } | undefined {
  try {
    loadConfiguration(schema, { flags: { server: 'x', forward: [text] } });
    return undefined;
  } catch (error) {
    const { problems } = error as {
      problems?: { expected: string; suggestion: string | undefined; message: string }[];
    };
    return problems?.[0];
  }
}

describe('the short form of a table', () => {
  test('may have fields behind it, which are read as text', () => {
    expect(forward.parse('127.0.0.1:5353=192.0.2.1:53;idle=30s;maxFlows=10', 'text')).toEqual({
      listen: { address: '127.0.0.1', first: 5353, last: 5353 },
      target: { host: '192.0.2.1', first: 53, last: 53 },
      idle: 30_000,
      maxFlows: 10,
    });
  });

  test('is the same in a file, in the environment and as a flag', () => {
    const text = 'example.com:53;maxFlows=7';
    const [flag, environment] = [
      loadConfiguration(schema, { flags: { server: 'x', forward: [text] } }),
      loadConfiguration(schema, { flags: { server: 'x' }, environment: { RELAY_FORWARD: text } }),
    ].map(({ values }) => values.forward);
    expect(flag).toEqual([{ target: { host: 'example.com', first: 53, last: 53 }, idle: 120_000, maxFlows: 7 }]);
    expect(environment).toEqual(flag);
  });

  test('collects a key of an array that is given several times', () => {
    expect(upstreams.parse('a:1;deny=10.0.0.0/8;tags=x,y;deny=2001:db8::/32', 'text')).toMatchObject({
      deny: [{ address: '10.0.0.0' }, { address: '2001:db8::' }],
      tags: ['x', 'y'],
    });
  });

  test.each([
    ['an unknown key', 'a:1;maxFlow=1', 'after each ; one of listen, target, idle, maxFlows', 'maxFlows'],
    ['a key of all objects', 'a:1;constructor=1', 'after each ; one of listen, target, idle, maxFlows', undefined],
    ['a key without a value', 'a:1;idle', 'a value for idle, as idle=VALUE', undefined],
    ['nothing behind the semicolon', 'a:1;', 'after each ; one of listen, target, idle, maxFlows', undefined],
    ['a key twice', 'a:1;idle=30s;idle=40s', 'idle only once', undefined],
    ['a key of the text itself', 'a:1;target=b:2', 'target only once', undefined],
    ['a wrong value', 'a:1;maxFlows=0', 'its maxFlows to be a whole number of at least 1', undefined],
  ])('refuses %s', (_what, text, expected, suggestion) => {
    expect(problemOf(text)).toMatchObject({ expected, suggestion });
  });

  test('says the value and where it came from', () => {
    expect(problemOf('a:1;idle=soon')?.message).toMatch(
      /^flag --forward: forward\[0\]: expected its idle to be a duration .*, not "a:1;idle=soon"$/,
    );
  });

  test('never throws, whatever text it is given', () => {
    const part = fc.oneof(fc.constantFrom(';', '=', 'idle', 'maxFlows', '1', 'a:1', '__proto__'), fc.string());
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        forward.parse(parts.join(''), 'text');
        upstreams.parse(parts.join(''), 'text');
      }),
    );
  });

  test('keeps numbers of a file as they are: only the text form reads digits', () => {
    const numbers = table(
      {
        count: option({ format: integer(), default: 1, doc: 'A count.' }),
        wait: option({ format: duration(), doc: 'A wait.' }),
      },
      { expected: 'numbers', parseText: (wait) => ({ wait }) },
    );
    expect(numbers.parse({ count: '7' }, 'data')).toMatchObject({ flaws: [{ path: ['count'] }] });
    expect(numbers.parse('7s;count=7', 'data')).toEqual({ count: 7, wait: 7000 });
    expect(() =>
      defineSchema({ n: option({ format: numbers, default: '1s;count=2', doc: 'Numbers.' }) }, { program: 'p' }),
    ).not.toThrow();
  });
});
