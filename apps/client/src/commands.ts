/** The command line of `relay-client`: its tree of commands. */
import { completionCommand, configCommand, startCommand, type CommandLine } from '@relay/program';
import { checkTogether } from './mapping/wanted-mappings.js';
import { clientSchema } from './options.js';
import { clientPlace, defaultAdminPath } from './place.js';
import { clientProgram } from './program.js';
import { clientVerbs } from './verbs.js';

/** Returns the command line for these arguments. */
export const clientCommandLine = (args: readonly string[]): CommandLine => ({
  program: clientSchema.program,
  describe: 'Carry UDP datagrams through a relay-server that invited you',
  packageJson: new URL('../package.json', import.meta.url),
  args,
  examples: [
    ['--forward 5353=1.1.1.1:53', 'carry a local port to a target beyond the server'],
    ['--publish 27015', 'let the server carry its port 27015 to this machine'],
    ['-c relay.toml --status', 'run with a configuration file, with a live screen'],
    ['status --json', 'print the status of the running client'],
  ],
  documents: 'https://github.com/relay-udp/relay/tree/main/docs',
  commands: [
    startCommand(clientProgram, [
      ['--forward 5353=1.1.1.1:53', 'carry a local port to a target beyond the server'],
      ["--forward '5353=1.1.1.1:53;idle=10s;replies=1'", 'the same; each flow ends with its reply'],
      ['--publish 27015', 'let the server carry its port 27015 to this machine'],
      ['-c relay.toml --status', 'run with a configuration file, with a live screen'],
    ]),
    ...clientVerbs.map((verb) => verb.command(clientPlace)),
    configCommand(clientSchema, { check: checkTogether, defaults: () => ({ admin: defaultAdminPath() }) }),
    completionCommand(clientSchema.program),
  ],
});
