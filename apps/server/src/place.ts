/**
 * Which server a one-shot command is about: its state folder and its admin socket, found as `start`
 * finds them.
 */
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { defineSchema, yargsOptions, type Values } from '@relay/config';
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

const { config, state, admin, public: publicHost, listen } = serverOptions;

/** Options of the `invite` command alone: a running server knows its own address. */
export const inviteOptions = yargsOptions(defineSchema({ public: publicHost, listen }, SERVER_NAMES));

export interface ServerPaths extends AdminPlace {
  readonly settings: Values<typeof serverSchema>;
  readonly state: string;
}

/** The way in which each command finds the server. */
export const serverPlace: CommandDoor<ServerPaths> = {
  options: yargsOptions(defineSchema({ config, state, admin }, SERVER_NAMES)),
  find: (flags) => {
    const settings = configured(serverSchema, flags).values;
    const path = statePath(settings);
    return { settings, state: path, admin: settings.admin ?? join(path, 'admin.sock') };
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
 * A command tells a server that does not confirm again for this time, in ms: one without
 * descriptors makes room within a second.
 */
const TELL_FOR_MS = 3000;
const TELL_AGAIN_MS = 300;

/**
 * Tells a running server, if there is one, that the clients' files have changed. Rejects with a
 * ProgramFailure if a server runs and does not confirm it: its text begins with `done`, the change
 * that was made all the same.
 */
export async function tellClientsChanged(path: string, done: string): Promise<void> {
  if (path === 'off') return;
  const failure = await failureToTell(path);
  if (failure === undefined) return;
  const advice = 'it reads the files again within seconds once it can; relay-server reload asks for it';
  throw new ProgramFailure(EXIT.failed, `${done}, but the running server did not confirm: ${failure} (${advice})`);
}

/** The reason why the running server did not confirm; undefined if it did, or none runs. */
async function failureToTell(path: string): Promise<string | undefined> {
  const endMs = performance.now() + TELL_FOR_MS;
  for (;;) {
    try {
      await askAdmin(path, 'reloadClients');
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
