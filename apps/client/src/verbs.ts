/** The verbs of a running client, at each of its doors. */
import {
  logVerb,
  reloadVerb,
  statusVerb,
  stopVerb,
  verb,
  type AdminPlace,
  type Lines,
  type Verb,
} from '@relay/program';
import type { ClientService } from './running-client.js';
import { flowStatuses, mappingStatuses, type ClientStatus } from './status.js';
import { StatusView } from './terminal/status-view.js';
import { flowLines, mappingLines } from './terminal/tables.js';

const NOUN = 'client';

/** Makes the function that formats the status. Its rates cover the time since the last call. */
export function newStatusLines(): Lines<ClientStatus> {
  const view = new StatusView();
  return (status) => view.lines(status);
}

const mappingsVerb = verb({
  name: 'mappings',
  describe: 'List the mappings, what they are bound to, and their flows',
  examples: [
    ['', 'one line for each mapping'],
    ['--json', 'the same for programs'],
  ],
  answer: ({ own }: ClientService) => mappingStatuses(own.client),
  lines: mappingLines,
});

const flowsVerb = verb({
  name: 'flows',
  describe: 'List the flows, one for each source and target',
  examples: [
    ['', 'one line for each flow'],
    ['--json', 'the same for programs'],
  ],
  answer: ({ own }: ClientService) => flowStatuses(own.client),
  lines: flowLines,
});

/** The verbs in the order of the help. */
export const clientVerbs: readonly Verb<ClientService, AdminPlace>[] = [
  statusVerb(NOUN, newStatusLines),
  mappingsVerb,
  flowsVerb,
  reloadVerb(NOUN, 'its configuration file'),
  logVerb,
  stopVerb(NOUN),
];
