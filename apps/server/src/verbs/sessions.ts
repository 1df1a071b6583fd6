/** Verbs about who is connected, and reaches what. */
import { integer, option } from '@relay/config';
import { EXIT, monotonicMs, ProgramFailure, verb, type AdminPlace, type Verb } from '@relay/program';
import type { ServerService } from '../running-server.js';
import { flowStatuses, sessionStatuses } from '../status.js';
import { flowLines, sessionLines } from '../terminal/tables.js';

const MAX_FLOWS_LISTED = 1000;
/** Ids of sessions have 32 bits. */
const MAX_SESSION_ID = 2 ** 32 - 1;

const sessionsVerb = verb({
  name: 'sessions',
  describe: 'List the clients that are connected',
  answer: ({ own }: ServerService) => sessionStatuses(own.server, monotonicMs()),
  lines: sessionLines,
});

const flowsVerb = verb({
  name: 'flows',
  describe: 'List the flows, one for each source and target',
  answer: ({ own }: ServerService) => flowStatuses(own.server, monotonicMs(), MAX_FLOWS_LISTED),
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
  complete: ({ own }: ServerService) => [...own.server.channel.sessions()].map(({ id }) => `${id}`),
  answer: ({ own: { server } }: ServerService, { session: id }) => {
    const session = [...server.channel.sessions()].find((candidate) => candidate.id === id);
    if (session === undefined) throw new ProgramFailure(EXIT.refused, `there is no session ${id}: sessions lists them`);
    server.closeSession(session, 'kicked');
    return { session: id };
  },
  lines: ({ session }) => [`session ${session} closed`],
});

/** `sessions`, `flows`, `kick`. */
export const sessionVerbs: readonly Verb<ServerService, AdminPlace>[] = [sessionsVerb, flowsVerb, kickVerb];
