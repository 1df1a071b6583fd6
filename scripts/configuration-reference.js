// Writes docs/configuration.md from the programs' own schemas; with --check it only says whether
// the page is fresh.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const page = join(root, 'docs', 'configuration.md');

const INTRODUCTION = `# Configuration

_Written by \`pnpm docs:configuration\` from the programs themselves; changes to this page are lost._

Both programs take every option in three spellings: as a flag (\`--log-level debug\`), as an environment variable (\`RELAY_LOG_LEVEL=debug\`), and in a
file (\`logLevel = "debug"\`) that \`--config\` or \`RELAY_CONFIG\` names: TOML, YAML or JSON, by its ending.

- \`relay-server config check FILE\` (and \`relay-client config check FILE\`) tells everything that is wrong with a file, with line and column.
- \`config show --sources\` tells what \`start\` would use, and where each value comes from.
- \`config schema\` prints a JSON Schema, for editors that complete and check while you type.
- \`completion bash\` (or \`zsh\`, \`fish\`) prints a script that completes commands and flags.

A server in a file, for instance:

\`\`\`toml
listen = "[::]:7878"
public = "relay.example.com"
logDir = "/var/log/relay"
maxFlowsPerClient = 1000
\`\`\`

And a client, kept from other users of the machine by \`chmod 600\`:

\`\`\`toml
server = "relay://…"

[[forward]]
listen = 5353
target = "1.1.1.1:53"
idle = "30s"

[[forward]]
listen = "127.0.0.1:27000-27010"
target = "game.example.com:27000-27010"
maxFlows = 64
\`\`\`
`;

const reference = (app) =>
  execFileSync(process.execPath, [join(root, 'apps', app, 'bin', `relay-${app}.js`), 'config', 'reference'], {
    encoding: 'utf8',
  });

const wanted = [INTRODUCTION, reference('server'), reference('client')].join('\n');
if (!process.argv.includes('--check')) writeFileSync(page, wanted);
else if (readFileSync(page, 'utf8') !== wanted) {
  console.error('docs/configuration.md is not what the programs say: run pnpm docs:configuration');
  process.exitCode = 1;
}
