import { completionCommand, configCommand, runCommandLine, startCommand } from '@relay/program';
import { serverSchema } from './options.js';
import { join } from 'node:path';
import { serverPlace, statePath } from './place.js';
import { checkRoutes } from './routes/check-routes.js';
import { serverProgram, serverVerbs } from './program.js';

const commands = [
  startCommand(serverProgram),
  ...serverVerbs.map((verb) => verb.command(serverPlace)),
  configCommand(serverSchema, {
    check: ({ route }) => checkRoutes(route),
    defaults: (settings) => ({ state: statePath(settings), admin: join(statePath(settings), 'admin.sock') }),
  }),
];

await runCommandLine({
  program: 'relay-server',
  packageJson: new URL('../package.json', import.meta.url),
  args: process.argv.slice(2),
  examples: [
    ['--public relay.example.com', 'run a server; invitations name relay.example.com'],
    ['invite alice --allow 192.0.2.0/24:53', 'print an invitation with rights of its own'],
    ['invite dora --publish 27015', 'print one for a client that publishes a port of the server'],
    ['--route 0.0.0.0:5300=192.0.2.1:53,192.0.2.2:53', 'spread datagrams over two upstreams'],
    ['status --watch', 'show how the running server does, live'],
  ],
  documents: 'https://github.com/relay-udp/relay/tree/main/docs',
  commands: [...commands, completionCommand(serverSchema, commands)],
});
