/**
 * Verbs about the clients that may connect. Their commands change the state folder, whether a
 * server runs or not.
 */
import { option } from '@relay/config';
import { EXIT, ProgramFailure, verb, type Verb } from '@relay/program';
import { inviteOptions, reachableAt, tellClientChanged, type ServerPaths } from '../place.js';
import type { ServerService } from '../running-server.js';
import { readClients } from '../state/client-files.js';
import { removeClient } from '../state/client-store.js';
import { allowanceGap } from '../state/allowance.js';
import { invite, type Rights } from '../state/invite.js';
import { adviceOnHost } from '../state/public-address.js';
import { rightsOf, rightsOptions } from '../state/rights.js';
import { existingStateFolder, openStateFolder } from '../state/state-folder.js';
import { clientLines } from '../terminal/tables.js';

const clientName = option({ format: 'string', required: true, doc: "The client's name" });

const clientNames = ({ own }: ServerService): string[] => own.clients.list().map(({ name }) => name);

/**
 * A change of the clients that was made; `unread` is why the running server could not read it yet.
 */
interface Change {
  readonly name: string;
  /** What its rights leave out though they seem to name it. */
  readonly gaps?: readonly string[];
  readonly unread?: string;
}

const unreadLines = ({ unread }: Change): string[] =>
  unread === undefined
    ? []
    : [`the server cannot read the files of clients now, and tries again within seconds: ${unread}`];

const gapsOf = ({ allow }: Rights): Pick<Change, 'gaps'> => {
  const gaps = allow.flatMap((text) => allowanceGap(text) ?? []);
  return gaps.length === 0 ? {} : { gaps };
};

/** Lets the running server look at the file of a client. */
function apply({ own }: ServerService, name: string): Pick<Change, 'unread'> {
  try {
    own.lookAtClients([name]);
    return {};
  } catch (error) {
    return { unread: error instanceof Error ? error.message : String(error) };
  }
}

const lost = (name: string): string =>
  `the invitation could not be written to stdout, and client '${name}' was removed again (invite it where stdout can be written)`;

const inviteVerb = verb({
  name: 'invite',
  describe: 'Make an invitation and print it, one line on stdout',
  words: { name: clientName },
  options: rightsOptions,
  answer: (running: ServerService, { name, ...rights }): Change & { readonly invitation: string } => {
    const { own } = running;
    const granted = rightsOf(rights);
    const invitation = invite(own.state, name, granted, own.publicAddress);
    return { name, invitation, ...gapsOf(granted), ...apply(running, name) };
  },
  lines: ({ invitation, gaps = [], ...change }) => [invitation, ...gaps, ...unreadLines(change)],
  alone: {
    options: inviteOptions,
    run: async (place: ServerPaths, { name, ...rights }, print) => {
      const { state, admin } = place;
      const at = await reachableAt(place);
      const granted = rightsOf(rights);
      // Printed first of all: it is made, and can be shown only now.
      const isShown = await print({ name, invitation: invite(openStateFolder(state), name, granted, at) });
      if (!isShown) {
        removeClient(state, name);
        throw new ProgramFailure(EXIT.failed, lost(name));
      }
      const advice = [adviceOnHost(at) ?? [], gapsOf(granted).gaps ?? []].flat();
      for (const line of advice) process.stderr.write(`relay-server: ${line}\n`);
      await tellClientChanged(admin, name, 'added');
    },
  },
});

const revokeVerb = verb({
  name: 'revoke',
  describe: "Withdraw a client's invitation and end its sessions",
  words: { name: clientName },
  complete: clientNames,
  answer: (running: ServerService, { name }): Change => {
    removeClient(running.own.state.path, name);
    return { name, ...apply(running, name) };
  },
  lines: (change) =>
    change.unread === undefined
      ? [`client '${change.name}' revoked`]
      : [`client '${change.name}' removed`, ...unreadLines(change)],
  alone: {
    run: async ({ state, admin }: ServerPaths, { name }, print) => {
      removeClient(state, name); // which makes nothing
      await tellClientChanged(admin, name, 'removed');
      void print({ name });
    },
  },
});

const clientsVerb = verb({
  name: 'clients',
  describe: 'List the clients that may connect, and what they may reach and publish',
  answer: ({ own }: ServerService) => own.clients.list(),
  lines: clientLines,
  alone: {
    run: ({ state }: ServerPaths, _given, print) => {
      const { records, faults } = readClients(existingStateFolder(state));
      for (const { file, fault } of faults)
        process.stderr.write(`relay-server: cannot use the client file ${file}: ${fault}\n`);
      void print(records);
    },
  },
});

/** `invite`, `clients`, `revoke`. */
export const clientVerbs: readonly Verb<ServerService, ServerPaths>[] = [inviteVerb, clientsVerb, revokeVerb];
