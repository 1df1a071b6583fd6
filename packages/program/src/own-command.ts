import { existsSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';

/** Relay's programs, by the words that users call them. */
export type RelayProgram = 'relay-server' | 'relay-client';

/** How this process was started. */
export interface OwnStart {
  /** The path of its script, as the user or a link named it. */
  readonly script: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The folder that the user types commands in. */
  readonly folder: string;
}

const ownStart = (): OwnStart => ({ script: process.argv[1], environment: process.env, folder: process.cwd() });

/**
 * Returns the command line that runs one of Relay's programs in the way in which this process was
 * started: through pnpm in a clone, by the file of a clone, or by the name of an installed program.
 * A printed next step is then one that works where it was printed.
 */
export function commandOf(program: RelayProgram, { script, environment, folder }: OwnStart = ownStart()): string {
  const app = program.replace('relay-', '');
  if (
    environment['npm_lifecycle_event'] === 'start' &&
    environment['npm_config_user_agent']?.startsWith('pnpm') === true
  )
    return `${pnpmOf(environment['npm_execpath'])} --filter ${app} start`;
  if (script === undefined || !/^relay-(?:server|client)\.js$/.test(basename(script))) return program;
  const sibling = join(dirname(script), '..', '..', app, 'bin', `${program}.js`);
  if (script.split(sep).includes('node_modules') || !existsSync(sibling)) return program;
  const path = relative(folder, sibling);
  const shortest = path.startsWith('..') ? sibling : path;
  return `node ${shellWord(shortest)}`;
}

/** A text as one word of a shell. */
export const shellWord = (text: string): string =>
  /[^\w./:-]/.test(text) ? `'${text.replaceAll("'", "'\\''")}'` : text;

/** npx keeps what it runs in a folder of its own; that pnpm is on no PATH. */
const pnpmOf = (path = ''): string => (path.split(/[/\\]/).includes('_npx') ? 'npx -y pnpm@10' : 'pnpm');
