/** Verbs about what the server carries for whom. */
import { verb, type AdminPlace, type Verb } from '@relay/program';
import type { ServerService } from '../running-server.js';
import { mappingLines } from '../terminal/tables.js';

const mappingsVerb = verb({
  name: 'mappings',
  describe: 'List the routes and the published ports, also those that are kept',
  examples: [
    ['', 'one line for each route and each published port'],
    ['--json', 'the same for programs'],
  ],
  answer: ({ own }: ServerService) => own.server.mappings(),
  lines: mappingLines,
});

/** `mappings`. */
export const mappingVerbs: readonly Verb<ServerService, AdminPlace>[] = [mappingsVerb];
