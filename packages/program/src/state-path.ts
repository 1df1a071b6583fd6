import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/**
 * Where programs keep what must survive: `$XDG_STATE_HOME/relay` or `~/.local/state/relay` (XDG
 * Base Directory Specification, which has relative paths ignored).
 */
export function defaultStatePath(environment: NodeJS.ProcessEnv): string {
  const base = environment['XDG_STATE_HOME'];
  return join(base !== undefined && isAbsolute(base) ? base : join(homedir(), '.local', 'state'), 'relay');
}
