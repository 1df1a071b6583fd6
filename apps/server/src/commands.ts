/** The command line of `relay-server`: its tree of commands. */
import { join } from 'node:path';
import { completionCommand, configCommand, startCommand, type CommandLine } from '@relay/program';
import { serverSchema } from './options.js';
import { serverPlace, statePath } from './place.js';
import { serverProgram, serverVerbs } from './program.js';
import { checkRouting } from './routes/check-routes.js';

/** Returns the command line for these arguments. */
export const serverCommandLine = (args: readonly string[]): CommandLine => ({
  program: serverSchema.program,
  describe: 'Carry UDP datagrams for the clients that you invite',
  packageJson: new URL('../package.json', import.meta.url),
  args,
  examples: [
    ['--public relay.example.com', 'run a server; invitations name relay.example.com'],
    ['invite alice --allow 192.0.2.0/24:53', 'print an invitation with rights of its own'],
    ['--route 0.0.0.0:5300=192.0.2.1:53,192.0.2.2:53', 'spread datagrams over two upstreams'],
    ['status --watch', 'show the status of the running server, live'],
  ],
  documents: 'https://github.com/relay-udp/relay/tree/main/docs',
  commands: [
    startCommand(serverProgram, [
      ['--public relay.example.com', 'run a server; invitations name relay.example.com'],
      ['--listen 0.0.0.0:443 --log-dir /var/log/relay', 'listen on another port, and keep logs'],
      ['-c relay.toml --status', 'run with a configuration file, with a live screen'],
    ]),
    ...serverVerbs.map((verb) => verb.command(serverPlace)),
    configCommand(serverSchema, {
      check: checkRouting,
      defaults: (settings) => ({ state: statePath(settings), admin: join(statePath(settings), 'admin.sock') }),
    }),
    completionCommand(serverSchema.program),
  ],
});
