import type { Flags } from '@relay/program';
import type { CommandModule } from 'yargs';
import { invite, publicEndpoint } from '../state/invite.js';
import { rightsOf, rightsOptions } from '../state/rights.js';
import { openStateFolder } from '../state/state-folder.js';
import { inviteOptions, serverPaths, tellClientsChanged } from './state-options.js';

export const inviteCommand: CommandModule<object, Flags> = {
  command: 'invite <name>',
  describe: 'Make an invitation and print it, one line on stdout',
  builder: (cli) =>
    cli
      .positional('name', { type: 'string', demandOption: true, describe: "The client's name" })
      .options({ ...rightsOptions, ...inviteOptions }),
  handler: async (flags) => {
    const name = String(flags['name']);
    const { settings, state } = serverPaths(flags);
    const rights = rightsOf(flags);
    const at = publicEndpoint(settings.public, settings.listen);
    const invitation = invite(openStateFolder(state), name, rights, at);
    // First of all: it is made, and can be shown only now.
    process.stdout.write(`${invitation}\n`);
    await tellClientsChanged(flags, `client '${name}' added`);
  },
};
