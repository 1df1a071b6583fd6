import { fstatSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { createLogging } from '../src/index.js';
import { isJournal, withPriority } from '../src/console/journal.js';
import { consoleRecords, consoleText } from './support/console.js';

describe('the console', () => {
  test('the pretty console shows time, level, scope, message, fields and causes on one line', async () => {
    const { console, text } = consoleText('pretty');
    const logging = createLogging({ console });
    const cause = Object.assign(new Error('permission denied'), { code: 'EACCES' });
    const fields = {
      on: '0.0.0.0:53',
      attempt: 2,
      name: 'a b',
      list: [1, 'x'],
      nested: { ok: true },
      error: new Error('bind', { cause }),
    };
    logging.logger('server').error('cannot listen', fields);
    await logging.close();
    expect(text().replace(/^\d\d:\d\d:\d\d\.\d{3} /, '')).toBe(
      'error server cannot listen on=0.0.0.0:53 attempt=2 name="a b" list=[1, x] nested={ok=true} ' +
        'error=Error: bind (because Error: permission denied code=EACCES)\n',
    );
  });

  test('the console shows stacks of errors from the level debug on', async () => {
    const { console, text } = consoleText('pretty');
    const logging = createLogging({ console, level: 'debug' });
    logging.logger('server').error('failed', { error: new Error('why') });
    await logging.close();
    const [first, ...stack] = text().trimEnd().split('\n');
    expect(first).toMatch(/error server failed error=Error: why$/);
    expect(stack.length).toBeGreaterThan(0);
    for (const line of stack) expect(line).toMatch(/^ {4}at /);
  });

  test('the console colours the level and the scope only, and closes each colour', async () => {
    const { console, text } = consoleText('pretty', true);
    const logging = createLogging({ console });
    logging.logger('server').warn('careful', { a: 'b' });
    await logging.close();
    expect(text()).toMatch(/ \x1b\[33mwarn \x1b\[39m \x1b\[1mserver\x1b\[22m careful a=b\n$/);
  });

  test('the console is JSON if it is no terminal, with the stacks and causes of errors', async () => {
    const { console, records } = consoleRecords();
    const logging = createLogging({ console: { ...console, format: 'auto' } });
    logging.logger('server').error('failed', { error: new TypeError('why', { cause: new Error('because') }) });
    await logging.close();
    expect(records()[0]).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      level: 'error',
      scope: 'server',
      message: 'failed',
      fingerprint: expect.stringMatching(/^[0-9a-f]{12}$/),
      occurrences: 1,
      error: {
        name: 'TypeError',
        message: 'why',
        stack: expect.arrayContaining([expect.stringMatching(/^at /)]),
        cause: { name: 'Error', message: 'because', stack: expect.anything() },
      },
    });
  });

  test('redirectConsole hands lines to a printer that owns the terminal, and takes them back', async () => {
    const { console, records } = consoleRecords();
    const logging = createLogging({ console });
    const logger = logging.logger('x');
    const printed: string[] = [];
    logger.info('one');
    logging.redirectConsole((text) => printed.push(text));
    logger.info('two');
    logging.redirectConsole();
    logger.info('three');
    await logging.close();
    expect(records().map(({ message }) => message)).toEqual(['one', 'three']);
    expect(printed).toEqual([expect.stringContaining('"two"')]);
  });

  test('the console shows the lines that a printer failed to print', async () => {
    const { console, records } = consoleRecords();
    const logging = createLogging({ console });
    logging.redirectConsole(() => {
      throw new Error('the terminal is gone');
    });
    logging.logger('x').info('one');
    await logging.close();
    expect(records()).toMatchObject([{ message: 'one' }]);
  });

  test('the console shows child fields, the later ones over the earlier', async () => {
    const { console, records } = consoleRecords();
    const logging = createLogging({ console });
    logging.logger('x').child({ session: 1, flow: 2 }).child({ flow: 3 }).info('m', { bytes: 4 });
    await logging.close();
    expect(records()[0]).toMatchObject({ session: 1, flow: 3, bytes: 4 });
  });

  test('the console takes nothing after the end, and the end may come twice', async () => {
    const { console, records } = consoleRecords();
    const logging = createLogging({ console });
    await Promise.all([logging.close(), logging.close()]);
    logging.logger('x').info('late');
    await logging[Symbol.asyncDispose]();
    expect(records()).toEqual([]);
  });
});

describe('the journal of systemd', () => {
  test.each([
    ['error', '<3>'],
    ['warn', '<4>'],
    ['info', '<6>'],
    ['debug', '<7>'],
    ['trace', '<7>'],
  ] as const)('the journal gets %s as %s on each line', (level, priority) => {
    expect(withPriority(level, 'one\n  two')).toBe(`${priority}one\n${priority}  two`);
  });

  test('the journal is recognised by device and inode of the stream', () => {
    const { dev, ino } = fstatSync(2);
    expect(isJournal(2, `${dev}:${ino}`)).toBe(true);
    expect(isJournal(2, `${dev}:${ino + 1}`)).toBe(false);
    expect(isJournal(2, undefined)).toBe(false);
    expect(isJournal(9999, '1:2')).toBe(false);
  });
});
