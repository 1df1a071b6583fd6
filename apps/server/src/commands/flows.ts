import { printResult, type Flags } from '@relay/program';
import type { CommandModule } from 'yargs';
import type { FlowStatus } from '../status.js';
import { flowLines } from '../terminal/tables.js';
import { askServer, stateOptions } from './state-options.js';

export const flowsCommand: CommandModule<object, Flags> = {
  command: 'flows',
  describe: 'List the flows, one for each source and target',
  builder: (cli) => cli.options(stateOptions).option('json', { type: 'boolean', describe: 'Print JSON' }),
  handler: async (flags) => printResult(flags, (await askServer(flags, 'flows')) as FlowStatus[], flowLines),
};
