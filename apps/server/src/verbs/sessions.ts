/** Verbs about connected clients and their flows. */
import { integer, option } from '@relay/config';
import { EXIT, ProgramFailure, verb, type AdminPlace, type Verb } from '@relay/program';
import type { ServerService } from '../running-server.js';
import { flowLines, sessionLines } from '../terminal/tables.js';

const MAX_FLOWS_LISTED = 1000;
/** Ids of sessions have 32 bits. */
const MAX_SESSION_ID = 2 ** 32 - 1;

const sessionsVerb = verb({
  name: 'sessions',
  describe: 'List the clients that are connected',
  examples: [
    ['', 'one line for each client that is connected'],
    ['--json', 'the same for programs'],
  ],
  answer: ({ own }: ServerService) => own.server.sessions(),
  lines: sessionLines,
});

const flowsVerb = verb({
  name: 'flows',
  describe: 'List the flows, one for each source and target',
  examples: [
    ['', 'one line for each flow'],
    ['--json', 'the same for programs'],
  ],
  answer: ({ own }: ServerService) => own.server.flows(MAX_FLOWS_LISTED),
  lines: flowLines,
});

const kickVerb = verb({
  name: 'kick',
  describe: 'End a session; its client may connect again',
  words: {
    session: option({
      format: integer({ min: 0, max: MAX_SESSION_ID }),
      required: true,
      doc: 'Its number, as sessions lists it',
    }),
  },
  examples: [
    ['3', 'end the session that sessions lists as 3'],
    ['3 --json', 'print what was done for programs'],
  ],
  complete: ({ own }: ServerService) => own.server.sessions().map(({ id }) => `${id}`),
  answer: ({ own: { server } }: ServerService, { session: id }) => {
    if (!server.closeSession(id, 'kicked'))
      throw new ProgramFailure(EXIT.refused, `there is no session ${id}: sessions lists them`);
    return { session: id };
  },
  lines: ({ session }) => [`session ${session} closed`],
});

/** `sessions`, `flows`, `kick`. */
export const sessionVerbs: readonly Verb<ServerService, AdminPlace>[] = [sessionsVerb, flowsVerb, kickVerb];
