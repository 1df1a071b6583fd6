/** What the client says of itself: plain data, for the status screen, the prompt, `relay-client status --json` and the metrics log. */
import { formatEndpoint, unpackEndpoint } from '@relay/packet';
import { monotonicMs, packetFigures, type Health, type PacketFigures } from '@relay/program';
import type { TrafficFigures } from '@relay/relay';
import type { SessionStatistics } from '@relay/session';
import type { RelayClient } from './client.js';

export interface ForwardStatus {
  /** `127.0.0.1:5353 -> 1.1.1.1:53` */
  readonly mapping: string;
  readonly flows: number;
  readonly isResolved: boolean;
}

export interface ClientStatus {
  readonly program: 'relay-client';
  readonly pid: number;
  readonly upMs: number;
  readonly server: string;
  readonly state: 'connecting' | 'connected' | 'path-lost' | 'closed';
  readonly engine: string;
  /** Of the session, while there is one. */
  readonly session: SessionStatistics | undefined;
  readonly forwards: readonly ForwardStatus[];
  readonly flows: number;
  readonly forward: { readonly toTarget: TrafficFigures; readonly fromTarget: TrafficFigures };
  readonly packets: PacketFigures;
  readonly health: Health;
}

export function clientStatus(client: RelayClient, server: string, health: Health): ClientStatus {
  const { session, state } = client.channel;
  return {
    program: 'relay-client',
    pid: process.pid,
    upMs: Math.round(process.uptime() * 1000),
    server: session === undefined ? server : formatEndpoint(unpackEndpoint(session.endpoint, 0)),
    // Idle: it is not known yet where the server is.
    state: session?.isPathLost === true ? 'path-lost' : state === 'idle' ? 'connecting' : state,
    engine: client.socket.engine,
    session: session?.statistics,
    forwards: client.forwards.map(({ description, flowCount, isResolved }) => ({
      mapping: description,
      flows: flowCount,
      isResolved,
    })),
    flows: client.opened.size,
    forward: { toTarget: client.forward.toTarget.toJSON(), fromTarget: client.forward.fromTarget.toJSON() },
    packets: packetFigures(client.socket, client.packetDrops.toJSON()),
    health,
  };
}

export interface FlowStatus {
  readonly source: string;
  readonly target: string;
  readonly idleMs: number;
}

const MAX_FLOWS_LISTED = 200;

/** The first flows; a client may have many. */
export function flowStatuses(client: RelayClient): FlowStatus[] {
  const flows: FlowStatus[] = [];
  for (const { source, target, lastActivityMs } of client.opened) {
    if (flows.length >= MAX_FLOWS_LISTED) break;
    flows.push({
      source: formatEndpoint(unpackEndpoint(source, 0)),
      target: formatEndpoint(unpackEndpoint(target, 0)),
      idleMs: Math.round(monotonicMs() - lastActivityMs),
    });
  }
  return flows;
}

/** The status as a record of the metrics log, which has figures of the process of its own. */
export function metricsOf({ health, ...status }: ClientStatus): object {
  return { ...status, eventLoopUtilization: health.eventLoopUtilization };
}
