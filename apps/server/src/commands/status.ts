import { statusCommand as statusCommandOf } from '@relay/program';
import type { ServerStatus } from '../status.js';
import { StatusView } from '../terminal/status-view.js';
import { askServer, stateOptions } from './state-options.js';

export const statusCommand = statusCommandOf({
  describe: 'Show how the running server fares',
  options: stateOptions,
  // Program and command come from one package, so the answer has the shape that the program gives it.
  ask: async (flags) => (await askServer(flags, 'status')) as ServerStatus,
  view: () => new StatusView(),
});
