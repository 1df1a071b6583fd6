import { expect, test } from '@jest/globals';
import { chosenEngine } from '../src/index.js';

function chosen(engine: 'auto' | 'native' | 'dgram', isAvailable: boolean): { engine: string; told: string[] } {
  const told: string[] = [];
  const log = { warn: (message: string) => void told.push(message) };
  return { engine: chosenEngine(engine, log, () => isAvailable), told };
}

test.each([
  ['auto', true],
  ['native', true],
  ['dgram', true],
  ['dgram', false],
] as const)(
  'the engine %s is taken as it is, and the log says nothing (native available: %s)',
  (engine, isAvailable) => {
    expect(chosen(engine, isAvailable)).toEqual({ engine, told: [] });
  },
);

test('the engine auto is dgram where native does not load, and the log says what that costs', () => {
  expect(chosen('auto', false)).toEqual({
    engine: 'dgram',
    told: ['the native engine is not available: sockets take several times the processor time (engine dgram)'],
  });
});

test('the engine native is refused where it does not load, with what to do', () => {
  const message = expect.stringMatching(/^the native engine is not available here: .*C compiler.*--engine auto/);
  expect(() => chosen('native', false)).toThrow(expect.objectContaining({ exitCode: 2, message }));
});
