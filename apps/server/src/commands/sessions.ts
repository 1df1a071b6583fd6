import { printResult, type Flags } from '@relay/program';
import type { CommandModule } from 'yargs';
import type { SessionStatus } from '../status.js';
import { sessionLines } from '../terminal/tables.js';
import { askServer, stateOptions } from './state-options.js';

export const sessionsCommand: CommandModule<object, Flags> = {
  command: 'sessions',
  describe: 'List the clients that are connected',
  builder: (cli) => cli.options(stateOptions).option('json', { type: 'boolean', describe: 'Print JSON' }),
  handler: async (flags) => printResult(flags, (await askServer(flags, 'sessions')) as SessionStatus[], sessionLines),
};
