/** The definition of the program `relay-client`: its verbs, in the frame that every program has. */
import { dirname, join } from 'node:path';
import { makeFolder } from '@relay/logging';
import { defaultStatePath, EXIT, ProgramFailure, systemReason, type Program } from '@relay/program';
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
  try {
    makeFolder(folder);
  } catch (error) {
    const reason = systemReason(error);
    throw new ProgramFailure(
      EXIT.failed,
      `cannot make the folder ${folder} of the admin socket: ${reason} (--admin PATH or --admin off)`,
      { cause: error },
    );
  }
  return admin === undefined ? [path, join(folder, `client-${process.pid}.sock`)] : [path];
}
