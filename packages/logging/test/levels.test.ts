import { describe, expect, test } from '@jest/globals';
import { createLogging, isLogLevel, LoggingError, parseLevels } from '../src/index.js';
import { formatLevels, levelOfScope } from '../src/levels.js';
import { consoleRecords } from './support/console.js';

describe('a text with levels', () => {
  test.each([
    ['debug', 'debug', {}],
    ['info,session=debug', 'info', { session: 'debug' }],
    ['session=debug', 'info', { session: 'debug' }],
    [' warn, session/handshake=trace , socket=error ', 'warn', { 'session/handshake': 'trace', socket: 'error' }],
  ] as const)('the levels %j give everything else %s', (text, root, scopes) => {
    const rules = parseLevels(text);
    expect(rules.root).toBe(root);
    expect(Object.fromEntries(rules.scopes)).toEqual(scopes);
  });

  test.each([
    '',
    'loud',
    'INFO',
    'info,',
    'info,debug',
    'session=',
    '=debug',
    'session=loud',
    'a=info=b',
    'a b=info',
    'a = info',
    '__proto__',
    'constructor',
  ])('the levels %j are refused, with the wrong part', (text) => {
    expect(() => parseLevels(text)).toThrow(expect.objectContaining({ code: 'invalid-level' }));
  });

  test('a rule of levels holds for the scopes below its own, unless they have one', () => {
    const rules = parseLevels('warn,session=debug,session/handshake=error');
    const levels = ['session', 'session/rekey', 'session/handshake/retry', 'sessions', 'socket'].map((scope) =>
      levelOfScope(rules, scope),
    );
    expect(levels).toEqual(['debug', 'debug', 'error', 'warn', 'warn']);
  });

  test('formatted levels parse to the same levels', () => {
    const text = 'warn,session=debug,socket=trace';
    expect(formatLevels(parseLevels(text))).toBe(text);
  });

  test('isLogLevel accepts the names of levels and no other words', () => {
    expect(['info', 'Info', 'toString', 3].map(isLogLevel)).toEqual([true, false, false, false]);
  });
});

describe('levels at run time', () => {
  test('a change of level reaches every logger, those made before and their children', async () => {
    const { console, records } = consoleRecords();
    const logging = createLogging({ console });
    const session = logging.logger('session');
    const child = session.child({ flow: 7 });
    const other = logging.logger('socket');

    child.debug('before');
    logging.setLevel('info,session=debug');
    child.debug('after');
    session.trace('too fine');
    other.debug('another scope');
    logging.setLevel('error');
    child.info('no more');
    await logging.close();

    expect(records().map(({ message }) => message)).toEqual(['after']);
    expect(records()[0]).toMatchObject({ scope: 'session', level: 'debug', flow: 7 });
  });

  test('a wrong level changes nothing', async () => {
    const logging = createLogging({ console: false, level: 'warn,session=debug' });
    expect(() => logging.setLevel('warn,session=loud')).toThrow(LoggingError);
    expect(logging.level).toBe('warn,session=debug');
    expect(logging.logger('session').isEnabled('debug')).toBe(true);
    expect(logging.logger('socket').isEnabled('info')).toBe(false);
    await logging.close();
  });
});
