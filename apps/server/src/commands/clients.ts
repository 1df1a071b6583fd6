import { printResult, type Flags } from '@relay/program';
import type { CommandModule } from 'yargs';
import { readClients } from '../state/client-store.js';
import { openStateFolder } from '../state/state-folder.js';
import { clientLines } from '../terminal/tables.js';
import { serverPaths, stateOptions } from './state-options.js';

export const clientsCommand: CommandModule<object, Flags> = {
  command: 'clients',
  describe: 'List the clients that may connect, and what they may reach',
  builder: (cli) => cli.options(stateOptions).option('json', { type: 'boolean', describe: 'Print JSON' }),
  handler: (flags) => {
    const { records, faults } = readClients(openStateFolder(serverPaths(flags).state).path);
    for (const { file, fault } of faults)
      process.stderr.write(`relay-server: cannot use the client file ${file}: ${fault}\n`);
    printResult(flags, records, clientLines);
  },
};
