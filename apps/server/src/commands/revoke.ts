import type { Flags } from '@relay/program';
import type { CommandModule } from 'yargs';
import { removeClient } from '../state/client-store.js';
import { openStateFolder } from '../state/state-folder.js';
import { serverPaths, stateOptions, tellClientsChanged } from './state-options.js';

export const revokeCommand: CommandModule<object, Flags> = {
  command: 'revoke <name>',
  describe: 'Take a client its invitation; its sessions end at once',
  builder: (cli) =>
    cli.positional('name', { type: 'string', demandOption: true, describe: "The client's name" }).options(stateOptions),
  handler: async (flags) => {
    const name = String(flags['name']);
    removeClient(openStateFolder(serverPaths(flags).state).path, name);
    await tellClientsChanged(flags, `client '${name}' removed`);
    process.stdout.write(`client '${name}' revoked\n`);
  },
};
