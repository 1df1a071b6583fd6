import { describe, expect, test } from '@jest/globals';
import { createLogging } from '../src/index.js';
import { Repetition, type Occurrence } from '../src/repetition.js';
import { consoleRecords } from './support/console.js';

function occurrence(message: string, identity = '', scope = 'session', variant = ''): Occurrence {
  return { level: 'warn', scope, message, identity, variant };
}

function recorded(intervalMs: number) {
  const written: string[] = [];
  const repetition = new Repetition<Occurrence>(
    intervalMs,
    ({ message }, repeated) => written.push(repeated === 0 ? message : `${message} ×${repeated}`),
    (of) => ({ ...of, message: 'too many' }),
  );
  return { repetition, written };
}

describe('repetition', () => {
  test('repeated records are written once at once, then as a number at the end of the interval, and then counted again', () => {
    const { repetition, written } = recorded(60_000);
    for (let ms = 0; ms < 1000; ms++) repetition.occur(occurrence('refused'), ms);
    expect(written).toEqual(['refused']);
    repetition.sweep(59_999);
    expect(written).toEqual(['refused']);
    repetition.sweep(60_000);
    expect(written).toEqual(['refused', 'refused ×999']);
    repetition.occur(occurrence('refused'), 61_000);
    repetition.sweep(120_000);
    expect(written.slice(2)).toEqual(['refused ×1']);
    repetition.sweep(180_000);
    repetition.occur(occurrence('refused'), 180_001);
    expect(written.slice(3)).toEqual(['refused']);
    repetition.end();
  });

  test('records of other scopes, messages and identities are no repetitions', () => {
    const { repetition, written } = recorded(1000);
    for (let round = 0; round < 3; round++) {
      repetition.occur(occurrence('a'), round);
      repetition.occur(occurrence('b'), round);
      repetition.occur(occurrence('a', 'flow 1'), round);
      repetition.occur(occurrence('a', '', 'socket'), round);
    }
    expect(written).toEqual(['a', 'b', 'a', 'a']);
    repetition.end();
    expect(written.slice(4)).toEqual(['a ×2', 'b ×2', 'a ×2', 'a ×2']);
  });

  test('a million different messages make less than a hundred lines, and all are counted', () => {
    const { repetition, written } = recorded(60_000);
    for (let index = 0; index < 1_000_000; index++) repetition.occur(occurrence(`from ${index}`), 0);
    repetition.sweep(60_000);
    repetition.end();
    expect(written).toHaveLength(42);
    expect(written.at(-1)).toBe(`too many ×${1_000_000 - 41}`);
  });

  test('ten variants of a message are written each by itself, and all further ones as the message', () => {
    const written: string[] = [];
    const repetition = new Repetition<Occurrence>(
      60_000,
      ({ message, variant }, repeated) => written.push(`${message} ${variant} ×${repeated}`),
      (of) => of,
    );
    const refused = (target: number): void =>
      repetition.occur(occurrence('refused', '', 'client', `target ${target}`), 0);
    for (let round = 0; round < 2; round++) for (let target = 0; target < 100; target++) refused(target);
    expect(written.slice(0, 10)).toEqual(Array.from({ length: 10 }, (_, target) => `refused target ${target} ×0`));
    expect(written.slice(10)).toEqual(['refused target 10 ×0']);
    repetition.occur(occurrence('disconnected', '', 'client', 'server 1'), 0);
    expect(written.at(-1)).toBe('disconnected server 1 ×0');
    repetition.end();
    expect(written.slice(12)).toContain('refused target 99 ×179');
    expect(written).toHaveLength(23);
  });

  test('a million variants of each of a million messages make a bounded number of lines', () => {
    const { repetition, written } = recorded(60_000);
    for (let index = 0; index < 100_000; index++)
      repetition.occur(occurrence(`from ${index % 1000}`, '', 'session', `${index}`), 0);
    for (let round = 1; round <= 3; round++) repetition.sweep(round * 60_000);
    expect(written.length).toBeLessThan(1000);
    repetition.occur(occurrence('afterwards'), 300_000);
    expect(written.at(-1)).toBe('afterwards');
    repetition.end();
  });

  test('a timer ends an interval of repetition', async () => {
    const { repetition, written } = recorded(20);
    repetition.occur(occurrence('a'), performance.now());
    repetition.occur(occurrence('a'), performance.now());
    while (written.length < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(written).toEqual(['a', 'a ×1']);
    repetition.end();
  });
});

describe('a logger', () => {
  test('a logger writes a flood of warnings and errors once, with the number and the last fields at its end', async () => {
    const { console, records } = consoleRecords();
    const logging = createLogging({ console });
    const logger = logging.logger('session');
    for (let index = 0; index < 5000; index++) {
      logger.warn('packet refused', { index });
      logger.error('cannot answer', { error: Object.assign(new Error('x'), { code: 'EPERM' }) });
      logger.info('every one', { index });
    }
    await logging.close();
    const warnings = records().filter(({ level }) => level === 'warn');
    expect(warnings).toEqual([
      expect.objectContaining({ index: 0 }),
      expect.objectContaining({ index: 4999, repeated: 4999 }),
    ]);
    expect(records().filter(({ level }) => level === 'error')).toHaveLength(2);
    expect(records().filter(({ level }) => level === 'info')).toHaveLength(5000);
  });

  test('a logger does not take the faults of different targets, or for different reasons, for repetitions', async () => {
    const { console, records } = consoleRecords();
    const logging = createLogging({ console });
    const logger = logging.logger('client');
    const faults = [
      ['10.0.0.1:53', 'unreachable'],
      ['10.0.0.2:53', 'unreachable'],
      ['10.0.0.2:53', 'denied-by-policy'],
      ['10.0.0.1:53', 'unreachable'],
    ] as const;
    for (const [i, [target, reason]] of faults.entries()) logger.warn('refused', { target, reason, i });
    await logging.close();
    expect(records().map(({ target, reason, repeated }) => [target, reason, repeated])).toEqual([
      ...faults.slice(0, 3).map((fault) => [...fault, undefined]),
      ['10.0.0.1:53', 'unreachable', 1],
    ]);
  });

  test('a logger does not take different errors, or those of different children, for repetitions', async () => {
    const { console, records } = consoleRecords();
    const logging = createLogging({ console });
    const logger = logging.logger('socket');
    for (const code of ['EACCES', 'EADDRINUSE', 'EACCES'])
      logger.error('cannot open', { error: Object.assign(new Error('no'), { code }) });
    for (const mapping of ['a', 'b', 'b']) logger.child({ mapping }).warn('idle');
    await logging.close();
    expect(records().filter(({ repeated }) => repeated === undefined)).toHaveLength(4);
    expect(records().filter(({ repeated }) => repeated === 1)).toHaveLength(2);
  });
});
