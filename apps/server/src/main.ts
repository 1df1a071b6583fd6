import { completionCommand, configCommand, runCommandLine } from '@relay/program';
import { clientsCommand } from './commands/clients.js';
import { flowsCommand } from './commands/flows.js';
import { inviteCommand } from './commands/invite.js';
import { reloadCommand } from './commands/reload.js';
import { revokeCommand } from './commands/revoke.js';
import { sessionsCommand } from './commands/sessions.js';
import { startCommand } from './commands/start.js';
import { statusCommand } from './commands/status.js';
import { stopCommand } from './commands/stop.js';
import { serverSchema } from './options.js';

const commands = [
  startCommand,
  inviteCommand,
  clientsCommand,
  revokeCommand,
  statusCommand,
  sessionsCommand,
  flowsCommand,
  reloadCommand,
  stopCommand,
  configCommand(serverSchema),
];

await runCommandLine({
  program: 'relay-server',
  packageJson: new URL('../package.json', import.meta.url),
  args: process.argv.slice(2),
  commands: [...commands, completionCommand(serverSchema, commands)],
});
