import { describe, expect, test } from '@jest/globals';
import { loadConfiguration } from '@relay/config';
import { serverSchema } from '../src/options.js';

const valuesOf = (flags: Record<string, unknown>) => loadConfiguration(serverSchema, { flags }).values;

describe('the options of the server', () => {
  test('have the defaults that the guide promises', () => {
    expect(valuesOf({})).toMatchObject({
      listen: { address: '::', port: 7878 },
      idle: 120_000,
      maxSessions: 10_000,
      maxFlows: 50_000,
      maxFlowsPerClient: 4096,
      maxPacket: 1452,
      receiveBuffer: 4 << 20,
      sendBuffer: 4 << 20,
      sendQueue: 1 << 20,
      metricsInterval: 10_000,
      logMaxFile: 16 << 20,
      logMaxFiles: 30,
      logMaxTotal: 256 << 20,
      status: false,
      interactive: false,
    });
  });

  // Name, smallest, what is too small, largest, what is too large.
  test.each([
    ['idle', '1000ms', '999ms', undefined, undefined],
    ['max-sessions', '1', '0', '1000000', '1000001'],
    ['max-flows', '1', '0', '1000000', '1000001'],
    ['max-flows-per-client', '1', '0', '1000000', '1000001'],
    ['max-packet', '1280', '1279', '65507', '65508'],
  ])('%s has its bounds', (name, least, tooSmall, most, tooLarge) => {
    for (const right of [least, most]) if (right !== undefined) expect(() => valuesOf({ [name]: right })).not.toThrow();
    for (const wrong of [tooSmall, tooLarge])
      if (wrong !== undefined) expect(() => valuesOf({ [name]: wrong })).toThrow(name);
  });
});
