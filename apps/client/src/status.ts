/** The status of the client. It is plain data for each door and for the metrics log. */
import { formatEndpoint, unpackEndpoint } from '@relay/packet';
import { monotonicMs, packetFigures, processFigures, type Health, type ProgramStatus } from '@relay/program';
import type { ModeFigures } from '@relay/relay';
import type { SessionStatistics } from '@relay/session';
import type { RelayClient } from './client.js';
import type { Forward } from './mapping/forward.js';

/** The status of a forward within the status of the client. */
export interface ForwardStatus {
  /** The text `127.0.0.1:5353 -> 1.1.1.1:53`. */
  readonly mapping: string;
  readonly flows: number;
  readonly isResolved: boolean;
}

/** The status of a mapping by itself. */
export interface MappingStatus extends ForwardStatus {
  readonly mode: 'forward';
  /** The limit of its flows. */
  readonly maxFlows: number;
  /** A flow ends after this time without a datagram, in ms. */
  readonly idleMs: number;
}

/** The status of the client as a whole. */
export interface ClientStatus extends ProgramStatus {
  readonly program: 'relay-client';
  readonly server: string;
  readonly state: 'connecting' | 'connected' | 'path-lost' | 'closed';
  /** The figures of the session, if there is one. */
  readonly session: SessionStatistics | undefined;
  readonly forwards: readonly ForwardStatus[];
  readonly forward: ModeFigures;
}

/** Returns the status of a client. `health` is that of its process. */
export function clientStatus(client: RelayClient, server: string, health: Health): ClientStatus {
  const { session, state } = client.channel;
  return {
    program: 'relay-client',
    ...processFigures(),
    server: session === undefined ? server : formatEndpoint(unpackEndpoint(session.endpoint, 0)),
    // Idle means that the address of the server is not known yet.
    state: session?.isPathLost === true ? 'path-lost' : state === 'idle' ? 'connecting' : state,
    engine: client.socket.engine,
    session: session?.statistics,
    forwards: client.forwards.map(forwardStatus),
    flows: client.shard.flows.size,
    forward: client.shard.accounts.forward.toJSON(),
    packets: packetFigures(client.socket, client.shard.packetDrops.toJSON()),
    health,
  };
}

/** Returns the status of all mappings, in their configured order. */
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

/** Returns the first flows. A client may have many. */
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
