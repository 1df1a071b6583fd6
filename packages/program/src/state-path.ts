import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/**
 * Returns the folder for data that must survive a restart: `$XDG_STATE_HOME/relay` or
 * `~/.local/state/relay`. A relative path is ignored, as the XDG Base Directory Specification
 * demands.
 */
export function defaultStatePath(environment: NodeJS.ProcessEnv): string {
  const base = environment['XDG_STATE_HOME'];
  return join(base !== undefined && isAbsolute(base) ? base : join(homedir(), '.local', 'state'), 'relay');
}
