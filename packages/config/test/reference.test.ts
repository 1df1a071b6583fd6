import { describe, expect, test } from '@jest/globals';
import { check } from 'prettier';
import { defineSchema, option, referenceMarkdown } from '../src/index.js';
import { forward, schema } from './relay.js';

describe('the reference page', () => {
  test('the reference page describes each option in full, and shows no secret', () => {
    const small = defineSchema(
      {
        server: option({ format: 'string', secret: true, alias: 's', required: true, doc: 'The invitation.' }),
        key: option({ format: 'string', secret: true, default: 'hush', flag: false, doc: 'The key.' }),
        forward: option({ format: forward, array: true, live: true, group: 'Mappings', doc: 'What is carried.' }),
      },
      { program: 'relay-client', environmentPrefix: 'RELAY_' },
    );
    expect(referenceMarkdown(small)).toBe(`# Options of relay-client

Flags win over the environment, the environment over the file, the file over defaults. Nothing is converted: a value that is not exactly what is expected, and a key that is not known, is an error.

## \`server\`

The invitation.

- Takes: a text that is not empty
- Default: none, it must be given
- Flag: \`--server\` (\`-s\`)
- Environment: \`RELAY_SERVER\`
- File: \`server\`
- A change needs a restart
- Secret: shown nowhere

## \`key\`

The key.

- Takes: a text that is not empty
- Default: a secret
- Environment: \`RELAY_KEY\`
- File: \`key\`
- A change needs a restart
- Secret: shown nowhere

## Mappings

### \`forward\`

What is carried.

- Takes: any number of values, each a forward such as 127.0.0.1:5353=192.0.2.1:53 or example.com:53
- Default: none
- Flag: \`--forward\`
- Environment: \`RELAY_FORWARD\`, values separated by blanks
- File: \`forward\`
- A change takes effect by a reload

As a table in the file it has:

- \`listen\`: Where the application sends. (an address and ports such as 0.0.0.0:27000-27010 or \\[::\\]:27015; default: none)
- \`target\`: What is reached beyond the server. (a name or address and ports such as example.com:27000-27010 or \\[2001:db8::1\\]:27015; must be given)
- \`idle\`: How long a silent flow is kept. (a duration such as 500ms, 30s, 1h30m or 7d, at least 1s and at most 24d; default: \`120s\`)
- \`maxFlows\`: Most flows at once. (a whole number of at least 1; default: \`4096\`)
`);
  });

  test('the reference page depends on the schema alone, has every option, and Prettier does not change it', async () => {
    const page = referenceMarkdown(schema, { title: 'relay-demo', level: 2 });
    expect(page).toBe(referenceMarkdown(schema, { title: 'relay-demo', level: 2 }));
    expect(page.startsWith('## relay-demo\n')).toBe(true);
    for (const { key } of schema.options) expect(page).toMatch(new RegExp(`^#+ \`${key}\`$`, 'm'));
    expect(page).toContain('- Default: `~/.local/state/relay`');
    expect(page).not.toContain('/var/lib/relay');
    expect(await check(page, { parser: 'markdown', printWidth: 120, singleQuote: true })).toBe(true);
  });
});
