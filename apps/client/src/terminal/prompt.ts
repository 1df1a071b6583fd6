/** The commands of `relay-client -i`. */
import { join } from 'node:path';
import {
  changeLevel,
  defaultStatePath,
  LOG_LEVEL_WORDS,
  openLivePrompt,
  promptCommand,
  type LiveView,
} from '@relay/program';
import { flowLines } from './tables.js';
import type { RunningClient } from '../running-client.js';
import { flowStatuses } from '../status.js';
import { StatusView } from './status-view.js';

export function openClientPrompt(running: RunningClient, quit: () => void): LiveView {
  const view = new StatusView();
  const commands = {
    status: promptCommand('how the client fares', () => view.lines(running.status())),
    flows: promptCommand('who reaches what', () => flowLines(flowStatuses(running.client))),
    log: promptCommand(
      'LEVEL: change what is logged',
      ([level = '']) => [changeLevel(running.logs, level)],
      () => LOG_LEVEL_WORDS,
    ),
  };
  return openLivePrompt(running.logs, commands, join(defaultStatePath(process.env), 'client-history'), quit);
}
