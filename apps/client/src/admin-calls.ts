/** What can be asked of a running client: by one-shot commands over the admin socket, and by the prompt. */
import { changeLevel, type AdminCalls } from '@relay/program';
import type { RunningClient } from './running-client.js';

export function adminCalls(running: RunningClient, stop: () => void): AdminCalls {
  return {
    status: () => running.status(),
    log: ({ level }) => changeLevel(running.logs, String(level)),
    reload: () => running.reload(),
    stop: () => stop(),
  };
}
