import { openLiveScreen, type LiveView } from '@relay/program';
import type { RunningServer } from '../running-server.js';
import { StatusView } from './status-view.js';

/** Shows the server's status live until `quit` is asked for. */
export function openStatusScreen(running: RunningServer, quit: () => void): LiveView {
  const view = new StatusView();
  return openLiveScreen(running.logs, () => view.lines(running.status()), quit);
}
