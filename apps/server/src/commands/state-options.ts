/** Which server a one-shot command is about: its state folder and its admin socket, found as `start` finds them. */
import { join, resolve } from 'node:path';
import { defineSchema, yargsOptions, type Values } from '@relay/config';
import { askAdmin, configured, defaultStatePath, EXIT, ProgramFailure, type Flags } from '@relay/program';
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

/** Tells a running server that the clients' files have changed; where none runs there is nobody to tell. */
export async function tellClientsChanged(flags: Flags): Promise<void> {
  const { admin } = serverPaths(flags);
  if (admin === 'off') return;
  await askAdmin(admin, 'reloadClients').catch((error: unknown) => {
    if (!(error instanceof ProgramFailure && error.exitCode === EXIT.unreachable)) throw error;
  });
}
