/** The commands of `relay-server -i`. */
import { join } from 'node:path';
import { LOG_LEVEL_WORDS, monotonicMs, openLivePrompt, promptCommand, type LiveView } from '@relay/program';
import type { PromptCommand } from '@relay/terminal';
import { adminCalls } from '../admin-calls.js';
import type { RunningServer } from '../running-server.js';
import { removeClient } from '../state/client-store.js';
import { invite, publicEndpoint } from '../state/invite.js';
import { readRights } from '../state/rights.js';
import { flowStatuses, sessionStatuses } from '../status.js';
import { StatusView } from './status-view.js';
import { clientLines, flowLines, sessionLines } from './tables.js';

const MAX_FLOWS_LISTED = 200;

export function openServerPrompt(running: RunningServer, quit: () => void): LiveView {
  return openLivePrompt(running.logs, promptCommands(running), join(running.state.path, 'history'), quit);
}

function promptCommands(running: RunningServer): Record<string, PromptCommand> {
  const { server, clients } = running;
  const view = new StatusView();
  const calls = adminCalls(running, () => undefined);
  const clientNames = (): string[] => clients.list().map(({ name }) => name);
  const sessions = (): string[] => [...server.channel.sessions()].map(({ id }) => `${id}`);
  return {
    status: promptCommand('how the server fares', () => view.lines(running.status())),
    sessions: promptCommand('who is connected', () => sessionLines(sessionStatuses(server, monotonicMs()))),
    flows: promptCommand('who reaches what', () => flowLines(flowStatuses(server, monotonicMs(), MAX_FLOWS_LISTED))),
    clients: promptCommand('who may connect', () => clientLines(clients.list().map(({ record }) => record))),
    invite: promptCommand(
      'NAME [--allow CIDR[:PORTS]]… [--max-pps N] [--max-bps N] [--expires 7d]: make an invitation',
      (args) => {
        const { name, rights } = readRights(args);
        const invitation = invite(running.state, name, rights, publicEndpoint(running.settings.public, server.local));
        return [invitation, ...apply(running)];
      },
    ),
    revoke: promptCommand(
      'NAME: take a client its invitation',
      ([name = '']) => {
        removeClient(running.state.path, name);
        const troubles = apply(running);
        return troubles.length === 0 ? [`client '${name}' revoked`] : [`client '${name}' removed`, ...troubles];
      },
      clientNames,
    ),
    kick: promptCommand(
      'SESSION: end a session; its client may connect again',
      ([session]) => [String(calls['kick']?.({ session }))],
      sessions,
    ),
    log: promptCommand(
      'LEVEL: change what is logged',
      ([level]) => [String(calls['log']?.({ level }))],
      () => LOG_LEVEL_WORDS,
    ),
  };
}

/** Lets the server read the files of clients; a line that says so if it cannot now. */
function apply(running: RunningServer): string[] {
  try {
    running.reloadClients();
    return [];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [`the server cannot read the files of clients now, and tries again within seconds: ${reason}`];
  }
}
