import { openLiveScreen, type LiveView } from '@relay/program';
import type { RunningClient } from '../running-client.js';
import { StatusView } from './status-view.js';

/** Shows the client's status live until `quit` is asked for. */
export function openStatusScreen(running: RunningClient, quit: () => void): LiveView {
  const view = new StatusView();
  return openLiveScreen(running.logs, () => view.lines(running.status()), quit);
}
