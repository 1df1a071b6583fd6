import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  ConfigurationError,
  differences,
  formatSources,
  jsonSchema,
  loadConfiguration,
  referenceMarkdown,
} from '../src/index.js';
import { file } from './folder.js';
import { schema } from './relay.js';

const MARK = 'hush';

describe('a secret is shown nowhere, right or wrong, wherever it stands', () => {
  const secretText = fc.constantFrom(MARK, `${MARK}\u0007`, ` ${MARK}`, MARK.repeat(2000));
  const secretData = fc.oneof(secretText, fc.constant([MARK]), fc.constant({ a: MARK }), fc.constant([[{ a: MARK }]]));
  const upstream = fc.oneof(
    fc.record({ name: fc.constantFrom<unknown>('one', 5), token: secretData }, { requiredKeys: [] }),
    fc.record({ nam: secretData, token: secretData, tokn: secretData }, { requiredKeys: [] }),
    secretData,
  );
  const document = fc.record(
    {
      server: secretData,
      sever: secretData,
      upstreams: fc.oneof(fc.array(upstream, { maxLength: 3 }), secretData),
      upstream: secretData,
      limits: fc.record({ server: secretData, token: secretData }, { requiredKeys: [] }),
      port: fc.constantFrom<unknown>(1, 'x'),
    },
    { requiredKeys: [] },
  );
  const environment = fc.record({ RELAY_SERVER: secretText, RELAY_SERVR: secretText }, { requiredKeys: [] });
  const flags = fc.record({ server: fc.oneof(secretText, fc.array(secretText)) }, { requiredKeys: [] });

  test('no message shows a secret of any document, environment and flags', () => {
    fc.assert(
      fc.property(document, environment, flags, (data, variables, given) => {
        const inputs = { file: file('secret.json', JSON.stringify(data)), environment: variables, flags: given };
        expect(everythingTold(inputs)).not.toContain(MARK);
      }),
    );
  });

  test('no page, schema or script that is made of the schema shows a secret', () => {
    expect(jsonSchema(schema)).toMatchObject({ properties: { server: { writeOnly: true } } });
    expect(referenceMarkdown(schema)).toContain('- Secret: shown nowhere');
  });

  function everythingTold(inputs: Parameters<typeof loadConfiguration>[1]): string {
    try {
      const [before, after] = [
        loadConfiguration(schema, { flags: { server: `${MARK} too` } }),
        loadConfiguration(schema, inputs),
      ];
      return formatSources(after) + JSON.stringify(differences(schema, before, after).map(({ message }) => message));
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      return inspect(error, { depth: 10 }) + JSON.stringify(error.problems);
    }
  }
});
