import type { Flags } from '@relay/program';
import type { CommandModule } from 'yargs';
import { askServer, stateOptions } from './state-options.js';

export const stopCommand: CommandModule<object, Flags> = {
  command: 'stop',
  describe: 'Stop the running server',
  builder: (cli) => cli.options(stateOptions),
  handler: async (flags) => {
    await askServer(flags, 'stop');
    process.stdout.write('the server is stopping\n');
  },
};
