/** Verbs about what the server carries for whom. */
import { verb, type AdminPlace, type Verb } from '@relay/program';
import type { ServerService } from '../running-server.js';
import { mappingLines } from '../terminal/tables.js';

const mappingsVerb = verb({
  name: 'mappings',
  describe: 'List the routes, and the ports that clients have published or that are kept for them',
  answer: ({ own }: ServerService) => own.server.mappings(),
  lines: mappingLines,
});

/** `mappings`. */
export const mappingVerbs: readonly Verb<ServerService, AdminPlace>[] = [mappingsVerb];
