import { completionCommand, configCommand, runCommandLine, startCommand } from '@relay/program';
import { clientSchema } from './options.js';
import { clientPlace } from './place.js';
import { clientProgram } from './program.js';
import { clientVerbs } from './verbs.js';

const commands = [
  startCommand(clientProgram),
  ...clientVerbs.map((verb) => verb.command(clientPlace)),
  configCommand(clientSchema),
];

await runCommandLine({
  program: 'relay-client',
  packageJson: new URL('../package.json', import.meta.url),
  args: process.argv.slice(2),
  commands: [...commands, completionCommand(clientSchema, commands)],
});
