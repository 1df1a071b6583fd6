import { completionCommand, configCommand, runCommandLine, startCommand } from '@relay/program';
import { clientSchema } from './options.js';
import { checkTogether } from './mapping/wanted-mappings.js';
import { clientPlace, defaultAdminPath } from './place.js';
import { clientProgram } from './program.js';
import { clientVerbs } from './verbs.js';

const commands = [
  startCommand(clientProgram),
  ...clientVerbs.map((verb) => verb.command(clientPlace)),
  configCommand(clientSchema, { check: checkTogether, defaults: () => ({ admin: defaultAdminPath() }) }),
];

await runCommandLine({
  program: 'relay-client',
  packageJson: new URL('../package.json', import.meta.url),
  args: process.argv.slice(2),
  examples: [
    ['--forward 5353=1.1.1.1:53', 'carry a local port to a target beyond the server'],
    ['--publish 27015', 'let the server carry its port 27015 to this machine'],
    ['-c relay.toml --status', 'run by a configuration file, with a live screen'],
    ['status --json', 'print the status of the running client'],
  ],
  documents: 'https://github.com/relay-udp/relay/tree/main/docs',
  commands: [...commands, completionCommand(clientSchema, commands)],
});
