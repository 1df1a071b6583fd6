/** What the client says of itself: plain data, for each of its doors and for the metrics log. */
import { formatEndpoint, unpackEndpoint } from '@relay/packet';
import { monotonicMs, packetFigures, processFigures, type Health, type ProgramStatus } from '@relay/program';
import type { TrafficFigures } from '@relay/relay';
import type { SessionStatistics } from '@relay/session';
import type { RelayClient } from './client.js';
import type { Forward } from './mapping/forward.js';

/** A forward, within the status. */
export interface ForwardStatus {
  /** `127.0.0.1:5353 -> 1.1.1.1:53` */
  readonly mapping: string;
  readonly flows: number;
  readonly isResolved: boolean;
}

/** A mapping by itself. */
export interface MappingStatus extends ForwardStatus {
  readonly mode: 'forward';
  /** The most flows that it can have. */
  readonly maxFlows: number;
  /** After how long without a datagram a flow ends. */
  readonly idleMs: number;
}

/** The client as a whole. */
export interface ClientStatus extends ProgramStatus {
  readonly program: 'relay-client';
  readonly server: string;
  readonly state: 'connecting' | 'connected' | 'path-lost' | 'closed';
  /** Of the session, while there is one. */
  readonly session: SessionStatistics | undefined;
  readonly forwards: readonly ForwardStatus[];
  readonly forward: { readonly toTarget: TrafficFigures; readonly fromTarget: TrafficFigures };
}

/** The status of a client whose process fares as `health` says. */
export function clientStatus(client: RelayClient, server: string, health: Health): ClientStatus {
  const { session, state } = client.channel;
  const { toTarget, fromTarget } = client.shard.accounts.forward;
  return {
    program: 'relay-client',
    ...processFigures(),
    server: session === undefined ? server : formatEndpoint(unpackEndpoint(session.endpoint, 0)),
    // Idle: it is not known yet where the server is.
    state: session?.isPathLost === true ? 'path-lost' : state === 'idle' ? 'connecting' : state,
    engine: client.socket.engine,
    session: session?.statistics,
    forwards: client.forwards.map(forwardStatus),
    flows: client.shard.flows.size,
    forward: { toTarget: toTarget.toJSON(), fromTarget: fromTarget.toJSON() },
    packets: packetFigures(client.socket, client.shard.packetDrops.toJSON()),
    health,
  };
}

/** All mappings, in the order in which they were configured. */
export function mappingStatuses(client: RelayClient): MappingStatus[] {
  return client.forwards.map((forward) => {
    const { maxFlows, idleMs } = forward.listener.mapping;
    return { mode: 'forward', ...forwardStatus(forward), maxFlows, idleMs };
  });
}

const forwardStatus = ({ description, listener, isResolved }: Forward): ForwardStatus => ({
  mapping: description,
  flows: listener.flowCount,
  isResolved,
});

/** A flow of a local application. */
export interface FlowStatus {
  readonly source: string;
  readonly target: string;
  readonly idleMs: number;
}

const MAX_FLOWS_LISTED = 1000;

/** The first flows; a client may have many. */
export function flowStatuses(client: RelayClient): FlowStatus[] {
  const flows: FlowStatus[] = [];
  for (const { source, target, lastActivityMs } of client.shard.flows) {
    if (flows.length >= MAX_FLOWS_LISTED) break;
    flows.push({
      source: formatEndpoint(unpackEndpoint(source, 0)),
      target: formatEndpoint(unpackEndpoint(target, 0)),
      idleMs: Math.round(monotonicMs() - lastActivityMs),
    });
  }
  return flows;
}
