import { formatEndpoint, unpackEndpoint } from '@relay/packet';
import type { ClientState } from './client-state.js';
import type { Flow } from './flow/flow.js';
import type { Routes } from './routes/routes.js';
import type { FlowStatus } from './shard-data.js';

/** At most `limit` flows of these clients and routes. */
export function flowStatuses(
  clients: Iterable<ClientState>,
  routes: Routes,
  nowMs: number,
  limit: number,
): FlowStatus[] {
  const statuses: FlowStatus[] = [];
  for (const { name, session, table, visitors } of clients) {
    for (const [mode, flows] of [['forward', table] as const, ['publish', visitors] as const]) {
      for (const flow of flows) {
        if (statuses.length >= limit) return statuses;
        statuses.push({ session: session?.id, client: name, mode, ...flowStatus(flow, nowMs) });
      }
    }
  }
  for (const flow of routes.flows) {
    if (statuses.length >= limit) return statuses;
    statuses.push({ session: undefined, client: undefined, mode: 'route', ...flowStatus(flow, nowMs) });
  }
  return statuses;
}

function flowStatus(
  { id, source, target, targetEnd, lastActivityMs }: Flow,
  nowMs: number,
): Pick<FlowStatus, 'id' | 'idleMs' | 'source' | 'target'> {
  return {
    id,
    source: formatEndpoint(unpackEndpoint(source, 0)),
    target: formatEndpoint(unpackEndpoint(targetEnd.target ?? target, 0)),
    idleMs: Math.round(nowMs - lastActivityMs),
  };
}
