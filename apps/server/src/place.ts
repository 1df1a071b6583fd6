/**
 * Which server a one-shot command is about: its state folder and its admin socket, found as `start`
 * finds them.
 */
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { defineSchema, type Configuration, type Values } from '@relay/config';
import {
  askAdmin,
  configured,
  defaultStatePath,
  EXIT,
  isNotRunning,
  ProgramFailure,
  type AdminPlace,
  type CommandDoor,
} from '@relay/program';
import { SERVER_NAMES, serverOptions, serverSchema } from './options.js';
import { parsePublic, publicEndpoint, rememberedPublic, type PublicEndpoint } from './state/public-address.js';
import { publicKeyIn } from './state/state-folder.js';
import { lockHolder } from './state/state-lock.js';

const { config, state, admin, public: publicHost, listen } = serverOptions;

/** Options of the `invite` command alone: a running server knows its own address. */
export const inviteOptions = defineSchema({ public: publicHost, listen }, SERVER_NAMES).options;

export interface ServerPaths extends AdminPlace {
  /** What the server would be started with. */
  readonly configuration: Configuration<Values<typeof serverSchema>>;
  readonly state: string;
}

/** The way in which each command finds the server. */
export const serverPlace: CommandDoor<ServerPaths> = {
  options: defineSchema({ config, state, admin }, SERVER_NAMES).options,
  find: (flags) => {
    const configuration = configured(serverSchema, flags);
    const { values: settings } = configuration;
    const path = statePath(settings);
    return { configuration, state: path, admin: settings.admin ?? join(path, 'admin.sock') };
  },
};

/** The folder for keys and clients, as an absolute path. */
export function statePath({
  state: path = defaultStatePath(process.env),
}: {
  readonly state?: string | undefined;
}): string {
  return resolve(path);
}

/**
 * Returns where clients reach the server. The flags say it, or else the running server, or else the
 * configuration, or else the server that ran last.
 */
export async function reachableAt({ configuration, state, admin }: ServerPaths): Promise<PublicEndpoint> {
  const { values: settings, sources } = configuration;
  const originOf = (key: 'public' | 'listen'): string => sources.get(key)?.origin ?? 'default';
  const flagged = originOf('public') === 'flag' ? settings.public : undefined;
  if (originOf('listen') === 'flag') return publicEndpoint(settings.public, settings.listen);
  const running = await runningAddress(admin);
  if (running !== undefined) return { ...running, ...flagged };
  const last = rememberedPublic(state);
  const isConfigured = originOf('listen') !== 'default' || last === undefined;
  const listen = isConfigured ? settings.listen : { address: last.host, port: last.port };
  return publicEndpoint(settings.public, listen);
}

async function runningAddress(admin: string): Promise<PublicEndpoint | undefined> {
  const answer = await answerOf(admin, 'publicAddress');
  return answer === undefined ? undefined : parsePublic(answer);
}

/** The names of the clients that are connected; undefined if no running server says it. */
export async function connectedClients(admin: string): Promise<ReadonlySet<string> | undefined> {
  const sessions = await answerOf(admin, 'sessions');
  return Array.isArray(sessions) ? new Set(sessions.map(clientOf)) : undefined;
}

/**
 * Rejects with a ProgramFailure if a server runs whose key is not the one in the state folder: an
 * invitation that is made there would lead to nobody.
 */
export async function assertKeyOfRunning({ state, admin }: ServerPaths): Promise<void> {
  const own = publicKeyIn(state);
  const running = await answerOf(admin, 'publicKey');
  const pid = own === undefined ? await lockHolder(state) : undefined;
  if (pid === undefined && (typeof running !== 'string' || running === own)) return;
  const which = pid === undefined ? `the server that answers on ${admin}` : `the server that runs (pid ${pid})`;
  throw new ProgramFailure(
    EXIT.failed,
    `${which} has another key than ${state}: give its own folder with --state, or start it again if that was removed`,
  );
}

/** What the running server answers; undefined if none does, or one of a former release. */
async function answerOf(admin: string, call: string): Promise<unknown> {
  if (admin === 'off') return undefined;
  try {
    return await askAdmin(admin, call);
  } catch (error) {
    if (error instanceof ProgramFailure) return undefined;
    throw error;
  }
}

const clientOf = (session: unknown): string =>
  typeof session === 'object' && session !== null && 'client' in session ? String(session.client) : '';

/**
 * A command tells a server that does not confirm again for this time, in ms: one without
 * descriptors makes room within a second.
 */
const TELL_FOR_MS = 3000;
const TELL_AGAIN_MS = 300;

/** These clients in a sentence. */
export const called = (names: readonly string[]): string =>
  `${names.length === 1 ? 'client' : 'clients'} ${names.map((name) => `'${name}'`).join(', ')}`;

/**
 * Tells a running server, if there is one, that the files of these clients have changed. Rejects
 * with a ProgramFailure if a server runs and does not confirm it: its text says what was `done` all
 * the same, such as `added`.
 */
export async function tellClientsChanged(path: string, names: readonly string[], done: string): Promise<void> {
  if (path === 'off') return;
  const endMs = performance.now() + TELL_FOR_MS;
  let failure: string | undefined;
  for (const name of names) failure ??= await failureToTell(path, name, endMs);
  if (failure === undefined) return;
  const advice = 'it reads the files again within seconds once it can; relay-server reload asks for it';
  throw new ProgramFailure(
    EXIT.failed,
    `${called(names)} ${done}, but the running server did not confirm: ${failure} (${advice})`,
  );
}

/** The reason why the running server did not confirm; undefined if it did, or none runs. */
async function failureToTell(path: string, name: string, endMs: number): Promise<string | undefined> {
  for (;;) {
    try {
      await askAdmin(path, 'reloadClients', { name });
      return undefined;
    } catch (error) {
      if (isNotRunning(error)) return undefined;
      if (!(error instanceof ProgramFailure)) throw error;
      if (performance.now() > endMs) return reasonOf(error);
    }
    await setTimeout(TELL_AGAIN_MS);
  }
}

/** Without the question whether it runs: it does. */
const reasonOf = ({ message, cause }: ProgramFailure): string => (cause instanceof Error ? cause.message : message);
