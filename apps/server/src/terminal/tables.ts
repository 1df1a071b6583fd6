/** How lists of the server are shown. */
import { commandOf } from '@relay/program';
import { formatDuration, table } from '@relay/terminal';
import type { ClientRecord } from '../state/client-record.js';
import type { MappingStatus } from '../publish/mapping-status.js';
import type { RouteMappingStatus } from '../routes/route-mapping-status.js';
import type { FlowStatus, SessionStatus } from '@relay/relay';

/** A client, and what is known of it now. */
export interface ListedClient extends ClientRecord {
  /** Undefined where no server runs that could say whether it is connected. */
  readonly now?: 'expired' | 'connected' | 'away' | undefined;
}

/** Adds what is known now. `connected` has the names of the clients that are connected. */
export function listedClients(
  records: readonly ClientRecord[],
  connected: ReadonlySet<string> | undefined,
  nowMs = Date.now(),
): ListedClient[] {
  return records.map((record) => {
    if (record.expiresAt !== undefined && Date.parse(record.expiresAt) <= nowMs) return { ...record, now: 'expired' };
    return connected === undefined ? record : { ...record, now: connected.has(record.name) ? 'connected' : 'away' };
  });
}

export function clientLines(records: readonly ListedClient[]): string[] {
  if (records.length === 0) return [`no clients: ${commandOf('relay-server')} invite NAME makes one`];
  const isKnown = records.some(({ now }) => now !== undefined);
  const rows = records.map(({ name, allow, publish = [], maxPps, maxBps, expiresAt, now = '' }) => [
    name,
    allow.length === 0 ? 'public addresses' : allow.join(' '),
    publish.length === 0 ? 'nothing' : publish.join(' '),
    [
      ...(maxPps === undefined ? [] : [`${maxPps} packets/s`]),
      ...(maxBps === undefined ? [] : [`${maxBps} bit/s`]),
    ].join(', '),
    expiresAt ?? 'never',
    ...(isKnown ? [now] : []),
  ]);
  const heading = ['client', 'may reach', 'may publish', 'limits', 'expires', ...(isKnown ? ['now'] : [])];
  return table([heading, ...rows]);
}

export function sessionLines(sessions: readonly SessionStatus[]): string[] {
  if (sessions.length === 0) return ['no client is connected'];
  const rows = sessions.map(({ id, client, endpoint, connectedMs, flows, statistics }) => [
    `${id}`,
    client,
    endpoint,
    formatDuration(connectedMs),
    `${flows}`,
    milliseconds(statistics.roundTripMs),
    percent(statistics.lossIn),
    percent(statistics.lossOut),
  ]);
  const header = ['session', 'client', 'from', 'connected', 'flows', 'round trip', 'loss in', 'loss out'];
  return table([header, ...rows], { align: ['right', 'left', 'left', 'right', 'right', 'right', 'right', 'right'] });
}

export function flowLines(flows: readonly FlowStatus[]): string[] {
  if (flows.length === 0) return ['no flows'];
  const rows = flows.map(({ session, client, mode, source, target, idleMs }) => [
    `${session ?? '-'}`,
    client ?? '-',
    mode,
    source,
    target,
    formatDuration(idleMs),
  ]);
  return table([['session', 'client', 'mode', 'source', 'target', 'idle for'], ...rows], {
    align: ['right', 'left', 'left', 'left', 'left', 'right'],
  });
}

export function mappingLines(mappings: readonly (MappingStatus | RouteMappingStatus)[]): string[] {
  const published = mappings.filter((mapping) => mapping.mode === 'publish');
  const routes = mappings.filter((mapping) => mapping.mode === 'route');
  if (routes.length === 0) return publishedLines(published);
  return [...(published.length === 0 ? [] : [...publishedLines(published), '']), ...routeLines(routes)];
}

/** One line for each address of each upstream; the route stands in the first one. */
function routeLines(routes: readonly RouteMappingStatus[]): string[] {
  const rows = routes.flatMap(({ name, listen, balance, upstreams }) => {
    const own = [name, listen.join(', '), balance];
    if (upstreams.length === 0) return [[...own, 'not resolved yet', '', '', '', '', '']];
    return upstreams.map(({ upstream, target, weight, state, flows, answered, unanswered }, i) => [
      ...(i === 0 ? own : ['', '', '']),
      upstream === target ? upstream : `${upstream} (${target})`,
      ...[`${weight}`, state, `${flows}`, `${answered}`, `${unanswered}`],
    ]);
  });
  const header = ['route', 'listens on', 'balance', 'upstream', 'weight', 'state', 'flows', 'answered', 'unanswered'];
  return table([header, ...rows], {
    align: ['left', 'left', 'left', 'left', 'right', 'left', 'right', 'right', 'right'],
  });
}

function publishedLines(mappings: readonly MappingStatus[]): string[] {
  if (mappings.length === 0) return ['nothing is published'];
  const rows = mappings.map(({ client, ports, state, flows, maxFlows, idleMs, name }) => [
    client,
    ports,
    state,
    `${flows} of ${maxFlows}`,
    idleMs === 0 ? 'never' : formatDuration(idleMs),
    name ?? '',
  ]);
  return table([['client', 'ports', 'state', 'flows', 'idle after', 'name'], ...rows], {
    align: ['left', 'left', 'left', 'right', 'right', 'left'],
  });
}

/** Figures that were not measured yet are NaN, and null once they have been JSON. */
const isKnown = (value: number | null): value is number => value !== null && Number.isFinite(value);
const milliseconds = (value: number | null): string => (isKnown(value) ? formatDuration(value) : '–');
const percent = (share: number | null): string => (isKnown(share) ? `${(share * 100).toFixed(1)} %` : '–');
