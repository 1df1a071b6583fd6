import { completionCommand, configCommand, runCommandLine, startCommand } from '@relay/program';
import { serverSchema } from './options.js';
import { serverPlace } from './place.js';
import { serverProgram, serverVerbs } from './program.js';

const commands = [
  startCommand(serverProgram),
  ...serverVerbs.map((verb) => verb.command(serverPlace)),
  configCommand(serverSchema),
];

await runCommandLine({
  program: 'relay-server',
  packageJson: new URL('../package.json', import.meta.url),
  args: process.argv.slice(2),
  commands: [...commands, completionCommand(serverSchema, commands)],
});
