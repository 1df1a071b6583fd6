/** Which server a one-shot command is about: its state folder and its admin socket, found as `start` finds them. */
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { defineSchema, yargsOptions, type Values } from '@relay/config';
import { askAdmin, configured, defaultStatePath, EXIT, isNotRunning, ProgramFailure, type Flags } from '@relay/program';
import { SERVER_NAMES, serverOptions, serverSchema } from '../options.js';

const { config, state, admin, public: publicHost, listen } = serverOptions;

/** The options that every command takes. */
export const stateOptions = yargsOptions(defineSchema({ config, state, admin }, SERVER_NAMES));
/** And those of `invite`. */
export const inviteOptions = {
  ...stateOptions,
  ...yargsOptions(defineSchema({ public: publicHost, listen }, SERVER_NAMES)),
};

export interface ServerPaths {
  readonly settings: Values<typeof serverSchema>;
  readonly state: string;
  /** `off` if the server has none. */
  readonly admin: string;
}

export function serverPaths(flags: Flags): ServerPaths {
  const settings = configured(serverSchema, flags).values;
  const path = resolve(settings.state ?? defaultStatePath(process.env));
  return { settings, state: path, admin: settings.admin ?? join(path, 'admin.sock') };
}

/** Asks the running server. Rejects with a ProgramFailure if none answers. */
export async function askServer(flags: Flags, call: string, parameters?: Record<string, unknown>): Promise<unknown> {
  const { admin } = serverPaths(flags);
  if (admin === 'off')
    throw new ProgramFailure(EXIT.usage, 'the admin socket is off: this command needs it (--admin PATH)');
  return askAdmin(admin, call, parameters);
}

/** For how long a server that does not confirm is told again, in ms: one without descriptors makes room within a second. */
const TELL_FOR_MS = 3000;
const TELL_AGAIN_MS = 300;

/**
 * Tells a running server that the clients' files have changed; where none runs there is nobody to tell. Rejects with a
 * ProgramFailure that begins with `done`, what was changed all the same, if a server runs and does not confirm it.
 */
export async function tellClientsChanged(flags: Flags, done: string): Promise<void> {
  const { admin } = serverPaths(flags);
  if (admin === 'off') return;
  const failure = await failureToTell(admin);
  if (failure === undefined) return;
  const advice = 'it reads the files again within seconds once it can; relay-server reload asks for it';
  throw new ProgramFailure(EXIT.failed, `${done}, but the running server did not confirm: ${failure} (${advice})`);
}

/** Why the server that runs did not confirm; undefined if it did, or none runs. */
async function failureToTell(admin: string): Promise<string | undefined> {
  const endMs = performance.now() + TELL_FOR_MS;
  for (;;) {
    try {
      await askAdmin(admin, 'reloadClients');
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
