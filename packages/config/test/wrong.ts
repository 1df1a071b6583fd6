import { rmSync } from 'node:fs';
import { ConfigurationError, loadConfiguration } from '../src/index.js';
import type { Environment, Problem } from '../src/index.js';
import { file } from './folder.js';
import { schema } from './relay.js';

/**
 * A configuration as users give it: the text of one file, variables and what yargs makes of flags.
 */
export interface Given {
  readonly toml?: string;
  readonly yaml?: string;
  readonly json?: string;
  readonly environment?: Environment;
  readonly flags?: Readonly<Record<string, unknown>>;
}

/** Loads what was given for the program of `relay.ts`, and gives what is wrong with it. */
export function problemsOf({ flags = {}, environment = {}, ...texts }: Given): readonly Problem[] {
  const [written] = Object.entries(texts);
  const path = written && file(`relay.${written[0]}`, written[1]);
  try {
    loadConfiguration(schema, { flags, environment, fileOption: 'config', ...(path !== undefined && { file: path }) });
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  } finally {
    if (path !== undefined) rmSync(path);
  }
}

/** Without the temporary folder, that changes from run to run. */
export function told({ message }: Problem): string {
  return message.replace(/^\/\S*\/(?=relay\.)/, '');
}
