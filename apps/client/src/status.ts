/** The status of the client. It is plain data for each door and for the metrics log. */
import { formatEndpoint, unpackEndpoint } from '@relay/packet';
import { packetFigures, processFigures, type Health, type ProgramStatus } from '@relay/program';
import type { ClientShard, FlowMapping, ModeFigures } from '@relay/relay';
import type { SessionStatistics } from '@relay/session';
import type { RelayClient } from './client.js';
import type { Forward } from './mapping/forward.js';
import type { Publish, PublishState } from './mapping/publish.js';

/** The status of a forward within the status of the client. */
export interface ForwardStatus {
  /** The text `127.0.0.1:5353 -> 1.1.1.1:53`. */
  readonly mapping: string;
  /** Its name as configured, or else the same as `mapping`. */
  readonly name: string;
  readonly flows: number;
  readonly isResolved: boolean;
}

/** The status of a publish within the status of the client. */
export interface PublishStatus extends ForwardStatus {
  /**
   * The text `203.0.113.5:27015 -> 127.0.0.1:27015`; before the ports are open, they are those of
   * the configuration.
   */
  readonly mapping: string;
  /** True if the address of the service is known. */
  readonly isResolved: boolean;
  readonly state: PublishState['kind'];
  /** Why it is refused. */
  readonly refusal?: RefusalStatus;
}

/** Why the server refuses a publish. */
export interface RefusalStatus {
  /** The status of its answer, such as `denied`. */
  readonly status: string;
  /** The port that the answer is about, if it names one. */
  readonly port: number | undefined;
  /** When the client asks again, in ms from now; null: not in this session. */
  readonly retryInMs: number | null;
}

/** What the status of a mapping by itself has besides. */
export interface MappingLimits {
  /** The limit of its flows. */
  readonly maxFlows: number;
  /** A flow ends after this time without a datagram, in ms; null: never. */
  readonly idleMs: number | null;
}

/** The status of a mapping by itself. */
export type MappingStatus = MappingLimits &
  (({ readonly mode: 'forward' } & ForwardStatus) | ({ readonly mode: 'publish' } & PublishStatus));

/** The status of the client as a whole. */
export interface ClientStatus extends ProgramStatus {
  readonly program: 'relay-client';
  readonly server: string;
  readonly state: 'connecting' | 'connected' | 'path-lost' | 'closed';
  /** The figures of the session, if there is one. */
  readonly session: SessionStatistics | undefined;
  readonly forwards: readonly ForwardStatus[];
  readonly publishes: readonly PublishStatus[];
  /** Flows of visitors of what is published; `flows` has those of forwards. */
  readonly visitors: number;
  readonly forward: ModeFigures;
  readonly publish: ModeFigures;
  /** Errors that networks and hosts told of published services, by their code. */
  readonly serviceErrors: ClientShard['serviceErrors'];
}

/** Returns the status of a client. `health` is that of its process. */
export function clientStatus(client: RelayClient, server: string, health: Health): ClientStatus {
  const { session, state } = client.channel;
  client.countKernelDrops();
  return {
    program: 'relay-client',
    ...processFigures(),
    server: session === undefined ? server : formatEndpoint(unpackEndpoint(session.endpoint, 0)),
    // Idle means that the address of the server is not known yet.
    state: session?.isPathLost === true ? 'path-lost' : state === 'idle' ? 'connecting' : state,
    engine: client.socket.engine,
    session: session?.statistics,
    forwards: client.forwards.map(forwardStatus),
    publishes: client.publishes.map((publish) => publishStatus(publish, client.nowMs)),
    flows: client.shard.flows.size,
    visitors: client.shard.visitors.size,
    forward: client.shard.accounts.forward.toJSON(),
    publish: client.shard.accounts.publish.toJSON(),
    serviceErrors: client.shard.serviceErrors,
    packets: packetFigures({ statistics: client.packets }, client.shard.packetDrops.toJSON()),
    health,
  };
}

/** Returns the status of all mappings: forwards, then publishes, in their configured order. */
export function mappingStatuses(client: RelayClient): MappingStatus[] {
  return [
    ...client.forwards.map((forward): MappingStatus => {
      return { mode: 'forward', ...forwardStatus(forward), ...limitsOf(forward.listener.mapping) };
    }),
    ...client.publishes.map((publish): MappingStatus => {
      return { mode: 'publish', ...publishStatus(publish, client.nowMs), ...limitsOf(publish.service.mapping) };
    }),
  ];
}

const forwardStatus = ({ description, name, listener, isResolved }: Forward): ForwardStatus => ({
  mapping: description,
  name,
  flows: listener.flowCount,
  isResolved,
});

function publishStatus({ description, name, service, isResolved, state }: Publish, nowMs: number): PublishStatus {
  return {
    mapping: description,
    name,
    flows: service.flowCount,
    isResolved,
    state: state.kind,
    ...(state.kind === 'refused' && { refusal: refusalStatus(state, nowMs) }),
  };
}

const refusalStatus = (state: PublishState & { readonly kind: 'refused' }, nowMs: number): RefusalStatus => ({
  status: state.status,
  port: state.port,
  retryInMs: state.retryMs === Infinity ? null : Math.max(0, Math.round(state.retryMs - nowMs)),
});

const limitsOf = ({ maxFlows, idleMs }: FlowMapping): MappingLimits => ({
  maxFlows,
  idleMs: idleMs === Infinity ? null : idleMs,
});

/** A flow: of a local application in a forward, of a visitor in a publish. */
export interface FlowStatus {
  readonly mode: 'forward' | 'publish';
  readonly source: string;
  readonly target: string;
  readonly idleMs: number;
}

const MAX_FLOWS_LISTED = 1000;

/** Returns the first flows, those of forwards first. A client may have many. */
export function flowStatuses({ shard, nowMs }: RelayClient): FlowStatus[] {
  const flows: FlowStatus[] = [];
  const tables = [
    ['forward', shard.flows],
    ['publish', shard.visitors],
  ] as const;
  for (const [mode, table] of tables) {
    for (const { source, target, lastActivityMs } of table) {
      if (flows.length >= MAX_FLOWS_LISTED) return flows;
      flows.push({
        mode,
        source: formatEndpoint(unpackEndpoint(source, 0)),
        target: formatEndpoint(unpackEndpoint(target, 0)),
        idleMs: Math.round(nowMs - lastActivityMs),
      });
    }
  }
  return flows;
}
