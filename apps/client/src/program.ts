/** The definition of the program `relay-client`: its verbs, in the frame that every program has. */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { defaultStatePath, type Program } from '@relay/program';
import { clientSchema } from './options.js';
import { defaultAdminPath } from './place.js';
import { invitationOf, RunningClient, type ClientSettings } from './running-client.js';
import { clientVerbs, newStatusLines } from './verbs.js';

export const clientProgram: Program<ClientSettings, RunningClient> = {
  noun: 'client',
  schema: clientSchema,
  check: invitationOf,
  newWork: (frame) => RunningClient.make(frame),
  apply: async (own, settings) => {
    invitationOf(settings);
    await own.apply(settings);
  },
  verbs: clientVerbs,
  adminPaths,
  historyPath: () => join(defaultStatePath(process.env), 'client-history'),
  newScreen: (own) => {
    const lines = newStatusLines();
    return () => lines(own.status());
  },
};

/** Several clients may run. Only the first one has the default path. Makes the folder. */
function adminPaths({ admin }: ClientSettings): string[] {
  const path = admin ?? defaultAdminPath();
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return admin === undefined ? [path, join(folder, `client-${process.pid}.sock`)] : [path];
}
