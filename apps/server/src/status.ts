/** What the server says of itself: plain data, for the status screen, the prompt, `relay-server status --json` and the metrics log. */
import { formatEndpoint, unpackEndpoint } from '@relay/packet';
import { packetFigures, type Health, type LoadMonitor, type LoadState, type PacketFigures } from '@relay/program';
import type { TrafficFigures } from '@relay/relay';
import type { Session, SessionStatistics } from '@relay/session';
import type { RelayServer } from './server.js';

export interface ServerStatus {
  readonly program: 'relay-server';
  readonly pid: number;
  readonly upMs: number;
  readonly listen: string;
  readonly engine: string;
  readonly sessions: number;
  readonly flows: number;
  /** The most flows that there can be: as configured, or what fits below the limit of open files. */
  readonly maxFlows: number;
  readonly forward: { readonly toTarget: TrafficFigures; readonly fromTarget: TrafficFigures };
  readonly packets: PacketFigures;
  readonly load: LoadState;
  readonly health: Health;
}

export interface SessionStatus {
  readonly id: number;
  readonly client: string;
  readonly endpoint: string;
  readonly connectedMs: number;
  readonly flows: number;
  readonly statistics: SessionStatistics;
}

export interface FlowStatus {
  readonly session: number;
  readonly client: string;
  readonly id: number;
  readonly source: string;
  readonly target: string;
  readonly idleMs: number;
}

export function serverStatus(
  server: RelayServer,
  { state, health }: Pick<LoadMonitor, 'state' | 'health'>,
): ServerStatus {
  return {
    program: 'relay-server',
    pid: process.pid,
    upMs: Math.round(process.uptime() * 1000),
    listen: formatEndpoint(server.local),
    engine: server.socket.engine,
    sessions: server.channel.sessionCount,
    flows: server.forwarding.count,
    maxFlows: server.maxFlows,
    forward: { toTarget: server.forward.toTarget.toJSON(), fromTarget: server.forward.fromTarget.toJSON() },
    packets: packetFigures(server.socket, server.packetDrops.toJSON()),
    load: state,
    health,
  };
}

export function sessionStatuses(server: RelayServer, nowMs: number): SessionStatus[] {
  return [...server.channel.sessions()].map((session) => ({
    id: session.id,
    client: clientName(server, session),
    endpoint: formatEndpoint(unpackEndpoint(session.endpoint, 0)),
    connectedMs: Math.round(nowMs - session.connectedMs),
    flows: server.flowsOf(session).size,
    statistics: session.statistics,
  }));
}

/** At most `limit` of them: a server may have many. */
export function flowStatuses(server: RelayServer, nowMs: number, limit: number): FlowStatus[] {
  const flows: FlowStatus[] = [];
  for (const session of server.channel.sessions()) {
    for (const flow of server.flowsOf(session)) {
      if (flows.length >= limit) return flows;
      flows.push({
        session: session.id,
        client: clientName(server, session),
        id: flow.id,
        source: formatEndpoint(unpackEndpoint(flow.source, 0)),
        target: formatEndpoint(unpackEndpoint(flow.target, 0)),
        idleMs: Math.round(nowMs - flow.lastActivityMs),
      });
    }
  }
  return flows;
}

const clientName = (server: RelayServer, session: Session): string => server.clientOf(session)?.name ?? '(revoked)';

/** The status as a record of the metrics log, which has figures of the process of its own. */
export function metricsOf({ health, ...status }: ServerStatus): object {
  return { ...status, eventLoopUtilization: health.eventLoopUtilization };
}
