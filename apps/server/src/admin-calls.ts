/** What can be asked of a running server: by one-shot commands over the admin socket, and by the prompt. */
import { changeLevel, EXIT, monotonicMs, ProgramFailure, type AdminCalls } from '@relay/program';
import type { RunningServer } from './running-server.js';
import { flowStatuses, sessionStatuses } from './status.js';

const MAX_FLOWS_LISTED = 1000;

export function adminCalls(running: RunningServer, stop: () => void): AdminCalls {
  return {
    status: () => running.status(),
    sessions: () => sessionStatuses(running.server, monotonicMs()),
    flows: () => flowStatuses(running.server, monotonicMs(), MAX_FLOWS_LISTED),
    /** The files of the clients have changed. */
    reloadClients: () => running.reloadClients(),
    kick: ({ session }) => kick(running, Number(session)),
    log: ({ level }) => changeLevel(running.logs, String(level)),
    reload: () => running.reload(),
    stop: () => stop(),
  };
}

function kick(running: RunningServer, id: number): string {
  for (const session of running.server.channel.sessions()) {
    if (session.id !== id) continue;
    running.server.closeSession(session, 'kicked');
    return `session ${id} closed`;
  }
  throw new ProgramFailure(EXIT.refused, `there is no session ${id}: sessions lists them`);
}
