import { formatPorts, type Publication } from './publication.js';

/** A mapping of the server: ports that a client has published. */
export interface MappingStatus {
  readonly mode: 'publish';
  readonly client: string;
  /** Such as `203.0.113.5:27015` or `[::]:27000-27010`. */
  readonly ports: string;
  /** How many of them are open. */
  readonly openPorts: number;
  /** What the client calls it, if it calls it anything. */
  readonly name?: string;
  readonly flows: number;
  readonly maxFlows: number;
  /** After how many ms of silence a flow ends; 0: never. */
  readonly idleMs: number;
  /**
   * - `open`: its client has published it, and all its ports are open.
   * - `partly open`: a port is not open; it is tried again.
   * - `kept`: nobody else gets it, but its client is away or has not asked for it again.
   */
  readonly state: 'open' | 'partly open' | 'kept';
}

export function mappingStatus(publication: Publication): MappingStatus {
  const { client, ports, name, sockets, mapping, session, isPartly } = publication;
  const { idleMs, maxFlows } = mapping;
  return {
    mode: 'publish',
    client,
    ports: formatPorts(ports),
    openPorts: sockets?.portCount ?? 0,
    ...(name !== undefined && { name }),
    flows: sockets?.listener.flowCount ?? 0,
    maxFlows,
    idleMs: idleMs === Infinity ? 0 : idleMs,
    state: session === undefined ? 'kept' : isPartly ? 'partly open' : 'open',
  };
}
