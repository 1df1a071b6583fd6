import { completionCommand, configCommand, runCommandLine } from '@relay/program';
import { startCommand } from './commands/start.js';
import { statusCommand } from './commands/status.js';
import { clientSchema } from './options.js';

const commands = [startCommand, statusCommand, configCommand(clientSchema)];

await runCommandLine({
  program: 'relay-client',
  packageJson: new URL('../package.json', import.meta.url),
  args: process.argv.slice(2),
  commands: [...commands, completionCommand(clientSchema, commands)],
});
