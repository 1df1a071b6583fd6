/** Finds the client for a one-shot command, in the same way as `start` finds its admin socket. */
import { join } from 'node:path';
import { defineSchema } from '@relay/config';
import { configured, defaultStatePath, type AdminPlace, type CommandDoor } from '@relay/program';
import { CLIENT_NAMES, clientOptions, clientSchema } from './options.js';

const { config, admin } = clientOptions;

/** How each command finds the client. */
export const clientPlace: CommandDoor<AdminPlace> = {
  options: defineSchema({ config, admin }, CLIENT_NAMES).options,
  find: (flags) => ({ admin: configured(clientSchema, flags).values.admin ?? defaultAdminPath() }),
};

/** Returns the admin socket of the first client. Other clients have their own. */
export const defaultAdminPath = (): string => join(defaultStatePath(process.env), 'client.sock');
