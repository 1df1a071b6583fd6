import { expect, test } from '@jest/globals';
import { FORMATS, loadConfiguration, type Format } from '@relay/config';
import { clientSchema } from '../src/options.js';

const MAX_TIMER_MS = 2 ** 31 - 1;

interface Bounded {
  readonly key: string;
  readonly format: Format<unknown>;
}

/** Returns the options that are numbers, including those of mappings. */
function numbersOf(
  options: readonly { key: string; option: { format: Format<unknown>; default: unknown } }[],
): Bounded[] {
  return options.flatMap(({ key, option: { format, default: fallback } }) => {
    const fields = Object.entries(format.fields ?? {});
    const inner = numbersOf(fields.map(([name, option]) => ({ key: `${key}.${name}`, option })));
    const isNumber =
      format.bounds !== undefined || (fallback !== undefined && typeof format.parse(fallback, 'data') === 'number');
    return isNumber ? [{ key, format }, ...inner] : inner;
  });
}

const numbers = numbersOf(clientSchema.options);

test.each(numbers)('the option $key has an upper bound', ({ format }) => {
  expect(format.bounds?.max).toBeLessThan(Number.MAX_SAFE_INTEGER);
  expect(format.bounds?.min).toBeGreaterThanOrEqual(0);
});

test('the options with numbers are those that this test knows', () => {
  expect(numbers.map(({ key }) => key)).toEqual([
    'forward.idle',
    'forward.maxFlows',
    'forward.replies',
    'forward.requests',
    'publish.idle',
    'publish.maxFlows',
    'publish.replies',
    'publish.requests',
    'publish.maxPps',
    'publish.maxBps',
    'publish.visitorPps',
    'publish.visitorFlows',
    'logMaxFile',
    'logMaxFiles',
    'logMaxTotal',
    'metricsInterval',
    'receiveBuffer',
    'sendBuffer',
    'flowBuffer',
    'sendQueue',
    'maxPacket',
  ]);
});

test('the longest duration of every option is one that a timer can wait', () => {
  const durations = numbers.filter(({ format }) => format.name === FORMATS.duration.name);
  expect(durations.map(({ key }) => key)).toEqual(['forward.idle', 'publish.idle', 'metricsInterval']);
  for (const { format } of durations) expect(format.bounds?.max).toBeLessThanOrEqual(MAX_TIMER_MS);
});

test('the option for packets demands at least 1,200 bytes', () => {
  const load = (value: string): unknown => loadConfiguration(clientSchema, { flags: { 'max-packet': value } });
  expect(load('1200')).toMatchObject({ values: { maxPacket: 1200 } });
  expect(() => load('1199')).toThrow('flag --max-packet: maxPacket: expected a size such as 1500, 64KiB or 10MB');
});
