import { join } from 'node:path';
import { defineSchema, loadConfiguration, yargsOptions } from '@relay/config';
import { askAdmin, defaultStatePath, EXIT, ProgramFailure, statusCommand as statusCommandOf } from '@relay/program';
import { CLIENT_NAMES, clientOptions } from '../options.js';
import type { ClientStatus } from '../status.js';
import { StatusView } from '../terminal/status-view.js';

const { config, admin } = clientOptions;
const schema = defineSchema({ config, admin }, CLIENT_NAMES);

export const statusCommand = statusCommandOf({
  describe: 'Show how the running client fares',
  options: yargsOptions(schema),
  ask: async (flags) => {
    const { admin: path = join(defaultStatePath(process.env), 'client.sock') } = loadConfiguration(schema, {
      flags,
      environment: process.env,
    }).values;
    if (path === 'off')
      throw new ProgramFailure(EXIT.usage, 'the admin socket is off: this command needs it (--admin PATH)');
    // Program and command come from one package, so the answer has the shape that the program gives it.
    return (await askAdmin(path, 'status')) as ClientStatus;
  },
  view: () => new StatusView(),
});
