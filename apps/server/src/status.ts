/** The server's status: plain data, for each of its doors and for the metrics log. */
import { formatEndpoint } from '@relay/packet';
import { packetFigures, processFigures, type Frame, type LoadState, type ProgramStatus } from '@relay/program';
import type { ModeFigures, RouteStatus, ShardFigures } from '@relay/relay';
import type { RelayServer } from './server.js';

/** The server as a whole. */
export interface ServerStatus extends ProgramStatus {
  readonly program: 'relay-server';
  readonly listen: string;
  readonly sessions: number;
  /**
   * The most flows that there can be: as configured, or on dgram as many as there can be sockets.
   */
  readonly maxFlows: number;
  /**
   * The most sockets that flows can have, by the limit of open files and the ports of this host;
   * undefined where neither is known.
   */
  readonly maxSockets: number | undefined;
  /** Flows of visitors at published ports. */
  readonly visitors: number;
  readonly forward: ModeFigures;
  readonly publish: ModeFigures;
  /** How many published ports are open. */
  readonly publishedPorts: number;
  readonly route: ModeFigures;
  readonly routes: readonly RouteStatus[];
  /** Errors that networks and hosts told of targets, by their code. */
  readonly targetErrors: ShardFigures['targetErrors'];
  readonly load: LoadState;
}

/** The status of a server whose process is as loaded as `load` says. */
export function serverStatus(server: RelayServer, { state, health }: Frame['load']): ServerStatus {
  const { sessions, flows, visitors, forward, publish, route, targetErrors, packetDrops } = server.figures();
  return {
    program: 'relay-server',
    ...processFigures(),
    listen: formatEndpoint(server.local),
    engine: server.socket.engine,
    ...{ sessions, flows, visitors, forward, publish, route, targetErrors },
    routes: server.routes.statuses(),
    publishedPorts: server.publishedPorts,
    maxFlows: server.maxFlows,
    maxSockets: server.maxSockets,
    packets: packetFigures(server.socket, packetDrops),
    load: state,
    health,
  };
}
