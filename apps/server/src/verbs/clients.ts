/**
 * Verbs about the clients that may connect. Their commands change the state folder, whether a
 * server runs or not.
 */
import { option } from '@relay/config';
import { EXIT, ProgramFailure, verb, type Verb } from '@relay/program';
import {
  assertKeyOfRunning,
  called,
  connectedClients,
  inviteOptions,
  reachableAt,
  tellClientsChanged,
  type ServerPaths,
} from '../place.js';
import type { ServerService } from '../running-server.js';
import { readClients } from '../state/client-files.js';
import { assertClient, removeClient } from '../state/client-store.js';
import { allowanceGap } from '../state/allowance.js';
import { invite, type Rights } from '../state/invite.js';
import { adviceOnHost } from '../state/public-address.js';
import { rightsOf, rightsOptions } from '../state/rights.js';
import { existingStateFolder, openStateFolder, type StateFolder } from '../state/state-folder.js';
import { clientLines, listedClients } from '../terminal/tables.js';

const clientName = option({ format: 'string', required: true, doc: "The client's name" });

const clientsToRevoke = option({
  format: 'string',
  array: true,
  required: true,
  doc: 'The names of one client or several',
});

const clientNames = ({ own }: ServerService): string[] => own.clients.list().map(({ name }) => name);

/**
 * A change of the clients that was made; `unread` is why the running server could not read it yet.
 */
interface Change {
  readonly unread?: string;
}

interface Invited extends Change {
  readonly name: string;
  readonly invitation: string;
  /** What its rights leave out though they seem to name it. */
  readonly gaps?: readonly string[];
}

interface Revoked extends Change {
  readonly names: readonly string[];
}

const unreadLines = ({ unread }: Change): string[] =>
  unread === undefined
    ? []
    : [`the server cannot read the files of clients now, and tries again within seconds: ${unread}`];

const gapsOf = ({ allow }: Rights): Pick<Invited, 'gaps'> => {
  const gaps = allow.flatMap((text) => allowanceGap(text) ?? []);
  return gaps.length === 0 ? {} : { gaps };
};

/** Removes all of them, or none if one does not exist. Makes nothing. */
function removeClients(folder: string, names: readonly string[]): void {
  for (const name of names) assertClient(folder, name);
  for (const name of new Set(names)) removeClient(folder, name);
}

/** Lets the running server look at the files of clients. */
function apply({ own }: ServerService, names: readonly string[]): Change {
  try {
    own.lookAtClients(names);
    return {};
  } catch (error) {
    return { unread: error instanceof Error ? error.message : String(error) };
  }
}

const lost = (name: string): string =>
  `the invitation could not be written to stdout, and client '${name}' was removed again (invite it where stdout can be written)`;

/** A server whose folder was removed with its admin socket cannot be asked. */
const adviceOnNewKey = ({ isNew, path }: StateFolder): string | undefined =>
  isNew
    ? `made a server's key in ${path}: a server that runs already does not use it until it is started again`
    : undefined;

const inviteVerb = verb({
  name: 'invite',
  describe: 'Make an invitation and print it, one line on stdout',
  words: { name: clientName },
  options: rightsOptions,
  examples: [
    ['alice', 'a client that may reach public addresses'],
    ['bob --allow 192.0.2.0/24:53 --expires 7d', 'one that may reach port 53 of a network, for a week'],
    ['dora --publish 27015', 'one that may publish port 27015 of the server'],
    ['eve --max-bps 10Mbit/s --max-pps 2k/s', 'one with limits'],
  ],
  answer: (running: ServerService, { name, ...rights }): Invited => {
    const { own } = running;
    const granted = rightsOf(rights);
    const invitation = invite(own.state, name, granted, own.publicAddress);
    return { name, invitation, ...gapsOf(granted), ...apply(running, [name]) };
  },
  lines: ({ invitation, gaps = [], ...change }) => [invitation, ...gaps, ...unreadLines(change)],
  alone: {
    options: inviteOptions,
    run: async (place: ServerPaths, { name, ...rights }, print) => {
      const { state, admin } = place;
      await assertKeyOfRunning(place);
      const at = await reachableAt(place);
      const granted = rightsOf(rights);
      const folder = openStateFolder(state);
      // Printed first of all: it is made, and can be shown only now.
      const isShown = await print({ name, invitation: invite(folder, name, granted, at) });
      if (!isShown) {
        removeClient(state, name);
        throw new ProgramFailure(EXIT.failed, lost(name));
      }
      const advice = [adviceOnNewKey(folder) ?? [], adviceOnHost(at) ?? [], gapsOf(granted).gaps ?? []].flat();
      for (const line of advice) process.stderr.write(`relay-server: ${line}\n`);
      await tellClientsChanged(admin, [name], 'added');
    },
  },
});

const revokeVerb = verb({
  name: 'revoke',
  describe: 'Withdraw the invitations of clients and end their sessions',
  words: { name: clientsToRevoke },
  examples: [
    ['alice', 'alice can no longer connect'],
    ['alice bob', 'nor can bob'],
  ],
  complete: clientNames,
  answer: (running: ServerService, { name: names }): Revoked => {
    removeClients(running.own.state.path, names);
    return { names, ...apply(running, names) };
  },
  lines: ({ names, unread }) =>
    unread === undefined ? [`${called(names)} revoked`] : [`${called(names)} removed`, ...unreadLines({ unread })],
  alone: {
    complete: ({ state }: ServerPaths) => readClients(existingStateFolder(state)).records.map(({ name }) => name),
    run: async ({ state, admin }: ServerPaths, { name: names }, print) => {
      removeClients(state, names);
      await tellClientsChanged(admin, names, 'removed');
      void print({ names });
    },
  },
});

const clientsVerb = verb({
  name: 'clients',
  describe: 'List the clients that may connect, and what they may reach and publish',
  examples: [
    ['', 'one line for each client'],
    ['--json', 'the same for programs, with public keys'],
  ],
  answer: ({ own }: ServerService) =>
    listedClients(own.clients.list(), new Set(own.server.sessions().map(({ client }) => client))),
  lines: clientLines,
  alone: {
    run: async ({ state, admin }: ServerPaths, _given, print) => {
      const { records, faults } = readClients(existingStateFolder(state));
      for (const { file, fault } of faults)
        process.stderr.write(`relay-server: cannot use the client file ${file}: ${fault}\n`);
      void print(listedClients(records, await connectedClients(admin)));
    },
  },
});

/** `invite`, `clients`, `revoke`. */
export const clientVerbs: readonly Verb<ServerService, ServerPaths>[] = [inviteVerb, clientsVerb, revokeVerb];
