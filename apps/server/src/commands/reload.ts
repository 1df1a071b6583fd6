import type { Flags } from '@relay/program';
import type { CommandModule } from 'yargs';
import { askServer, stateOptions } from './state-options.js';

export const reloadCommand: CommandModule<object, Flags> = {
  command: 'reload',
  describe: 'Let the running server read its configuration file and its clients again',
  builder: (cli) => cli.options(stateOptions),
  handler: async (flags) => {
    process.stdout.write(`${String(await askServer(flags, 'reload'))}\n`);
  },
};
