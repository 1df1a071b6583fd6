/** `relay-server`: its verbs, in the frame that every program has. */
import { join } from 'node:path';
import { logVerb, reloadVerb, statusVerb, stopVerb, type Program, type Verb } from '@relay/program';
import { formatKey } from '@relay/session';
import { serverSchema } from './options.js';
import { statePath, type ServerPaths } from './place.js';
import { RunningServer, type ServerService, type ServerSettings } from './running-server.js';
import { checkRouting } from './routes/check-routes.js';
import { formatHost } from './state/public-address.js';
import { sessionLines } from './terminal/tables.js';
import { StatusView } from './terminal/status-view.js';
import { clientVerbs } from './verbs/clients.js';
import { mappingVerbs } from './verbs/mappings.js';
import { routeVerbs } from './verbs/routes.js';
import { sessionVerbs } from './verbs/sessions.js';

const NOUN = 'server';
const SESSIONS_ON_SCREEN = 100;

const newStatusLines = () => {
  const view = new StatusView();
  return (status: ReturnType<RunningServer['status']>) => view.lines(status);
};

/** In the order in which the help lists them. */
export const serverVerbs: readonly Verb<ServerService, ServerPaths>[] = [
  ...clientVerbs,
  statusVerb(NOUN, newStatusLines),
  ...sessionVerbs,
  ...mappingVerbs,
  ...routeVerbs,
  reloadVerb(NOUN, 'its configuration file and its clients'),
  logVerb,
  stopVerb(NOUN),
];

export const serverProgram: Program<ServerSettings, RunningServer> = {
  noun: NOUN,
  schema: serverSchema,
  check: checkRouting,
  apply: (own, settings) => own.apply(settings),
  newWork: (frame) => RunningServer.make(frame),
  verbs: serverVerbs,
  calls: (own) => ({
    /** The file of this client has changed, or those of any. */
    reloadClients: ({ name }) => (typeof name === 'string' ? own.lookAtClients([name]) : own.reloadClients()),
    /** Where clients reach the server. */
    publicAddress: () => formatHost(own.publicAddress),
    /** The key that invitations name. */
    publicKey: () => formatKey(own.state.staticKey.publicKey),
  }),
  adminPaths: (settings) => [settings.admin ?? join(statePath(settings), 'admin.sock')],
  historyPath: (settings) => join(statePath(settings), 'history'),
  newScreen: (own) => {
    const lines = newStatusLines();
    return () => [...lines(own.status()), '', ...sessionLines(own.server.sessions().slice(0, SESSIONS_ON_SCREEN))];
  },
};
