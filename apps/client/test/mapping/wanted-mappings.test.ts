import { describe, expect, test } from '@jest/globals';
import { defineSchema, loadConfiguration } from '@relay/config';
import { EXIT, ProgramFailure } from '@relay/program';
import { clientOptions } from '../../src/options.js';
import { checkMappings } from '../../src/mapping/wanted-mappings.js';

const { forward, publish } = clientOptions;
const schema = defineSchema({ forward, publish }, { program: 'relay-client' });

/** Returns the message about these mappings, or undefined if they go together. */
function complaint(flags: { forward?: string[]; publish?: string[] }): string | undefined {
  try {
    checkMappings(loadConfiguration(schema, { flags }).values);
    return undefined;
  } catch (error) {
    if (!(error instanceof ProgramFailure)) throw error;
    expect(error.exitCode).toBe(EXIT.usage);
    return error.message;
  }
}

describe('the mappings of a client', () => {
  test('are at least one, and the message names both modes', () => {
    expect(complaint({})).toMatch(/^nothing to do: .*--forward .*--publish /);
    expect(complaint({ publish: ['27015'] })).toBeUndefined();
    expect(complaint({ forward: ['1.1.1.1:53'] })).toBeUndefined();
  });

  test.each([
    [
      { forward: ['5=1.1.1.1:53;name=a'], publish: ['7=8;name=a'] },
      'two mappings have the name "a": forward 127.0.0.1:5 -> 1.1.1.1:53 and publish 7 -> 127.0.0.1:8; give each a name of its own',
    ],
    [
      { publish: ['7=8', '9;name=7 -> 127.0.0.1:8'] },
      'two mappings have the name "7 -> 127.0.0.1:8": publish 9 -> 127.0.0.1:9 and publish 7 -> 127.0.0.1:8; give each a name of its own',
    ],
    [
      { publish: ['27000-27010=1-11', '27010-27011=21-22'] },
      'two mappings want port 27010 of the server: publish 27000-27010 -> 127.0.0.1:1-11 and publish 27010-27011 -> 127.0.0.1:21-22; give each ports of its own',
    ],
    [
      { publish: ['203.0.113.5:7=8', '7=9'] },
      'two mappings want port 7 of the server: publish 203.0.113.5:7 -> 127.0.0.1:8 and publish 7 -> 127.0.0.1:9; give each ports of its own',
    ],
  ])('must not want the same: %j', (flags, message) => {
    expect(complaint(flags)).toBe(message);
  });

  test.each([
    [{ publish: ['0=8', '0=8', '0=9'] }],
    [{ publish: ['203.0.113.5:7=8', '203.0.113.6:7=8'] }],
    [{ publish: ['7-9=7-9', '10=10'] }],
    [{ forward: ['0=1.1.1.1:53', '0=1.1.1.1:53', '7=1.1.1.1:53;name=1.1.1.1:53'], publish: ['7'] }],
  ])('go together: %j', (flags) => {
    expect(complaint(flags)).toBeUndefined();
  });
});
