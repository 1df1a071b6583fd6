/** The mappings of a running client as a live set: what is wanted is applied to what there is. */
import { FLOW_CLOSE, type Endpoint } from '@relay/packet';
import { openPorts, ProgramFailure, type Machine } from '@relay/program';
import type { ClientShard } from '@relay/relay';
import type { UdpSocket } from '@relay/socket';
import { Forward } from './forward.js';
import { listenRangeOf, type ForwardMapping } from './mapping-format.js';

/** What {@link Mappings.apply} has changed. */
export interface MappingChanges {
  readonly opened: readonly Forward[];
  readonly closed: readonly Forward[];
  /** Those that were and are wanted: they have lost nothing. */
  readonly kept: readonly Forward[];
  /** Why ports could not be opened. If there is a reason, nothing was changed. */
  readonly failed: readonly ProgramFailure[];
}

/** What mappings are made with. */
export interface MappingsOptions {
  readonly shard: Pick<ClientShard, 'newListener'>;
  readonly openSocket: Machine['openSocket'];
  /** A steady clock, ms. */
  readonly clock: Machine['clock'];
  /** Called for each forward whose sockets are open: lets their datagrams in. */
  readonly begin: (forward: Forward) => void;
}

export class Mappings {
  readonly #options: MappingsOptions;
  #forwards: readonly Forward[] = [];
  /** The changes that were asked for so far, one after another. */
  #changes: Promise<unknown> = Promise.resolve();

  constructor(options: MappingsOptions) {
    this.#options = options;
  }

  /** In the order in which they are wanted. */
  get forwards(): readonly Forward[] {
    return this.#forwards;
  }

  /**
   * Opens what is wanted and closes what is not, all or nothing. A mapping between the same
   * endpoints stays as it is, with its flows, and takes on its new limits; a port that a new
   * mapping takes over from an old one stays open.
   */
  apply(wanted: readonly ForwardMapping[]): Promise<MappingChanges> {
    const change = this.#changes.then(() => this.#apply(wanted));
    this.#changes = change.catch(() => undefined);
    return change;
  }

  async close(): Promise<void> {
    await this.apply([]);
  }

  async #apply(wanted: readonly ForwardMapping[]): Promise<MappingChanges> {
    const leaving = new Set(this.#forwards);
    const found = wanted.map((mapping) => takeSame(leaving, mapping));
    const added = wanted.filter((_mapping, i) => found[i] === undefined);
    const taken = new Map([...leaving].flatMap(socketsByEndpoint));
    const free = new Set(taken.keys());
    const missing = added.flatMap(endpointsOf).filter((endpoint) => !free.delete(keyOf(endpoint)));
    let sockets: UdpSocket[];
    try {
      sockets = await openPorts(missing, this.#options.openSocket);
    } catch (error) {
      if (!(error instanceof ProgramFailure)) throw error;
      return { opened: [], closed: [], kept: this.#forwards, failed: [error] };
    }
    // From here on nothing waits, so no datagram sees a half of it.
    const nowMs = this.#options.clock();
    for (const forward of leaving) forward.listener.end(FLOW_CLOSE.closed, nowMs);
    const opened: Forward[] = [];
    this.#forwards = wanted.map((mapping, i) => {
      const kept = found[i];
      kept?.update(mapping);
      const forward = kept ?? this.#newForward(mapping, taken, sockets);
      if (kept === undefined) opened.push(forward);
      return forward;
    });
    await Promise.all([...taken.values()].map((socket) => socket.close()));
    return { opened, closed: [...leaving], kept: found.filter((forward) => forward !== undefined), failed: [] };
  }

  /** Takes its sockets out of those that are given. */
  #newForward(mapping: ForwardMapping, taken: Map<string, UdpSocket>, opened: UdpSocket[]): Forward {
    const sockets = endpointsOf(mapping).flatMap((endpoint) => {
      const key = keyOf(endpoint);
      const socket = taken.get(key) ?? opened.shift();
      taken.delete(key);
      return socket ?? [];
    });
    const forward = new Forward(mapping, sockets, this.#options.shard);
    this.#options.begin(forward);
    return forward;
  }
}

/** A forward between the same endpoints, which is taken out of the set. */
function takeSame(forwards: Set<Forward>, mapping: ForwardMapping): Forward | undefined {
  for (const forward of forwards) {
    if (textOf(forward.mapping) !== textOf(mapping)) continue;
    forwards.delete(forward);
    return forward;
  }
  return undefined;
}

function textOf(mapping: ForwardMapping): string {
  const { address, first, last } = listenRangeOf(mapping);
  const { target } = mapping;
  return `${address} ${first}-${last} ${target.host} ${target.first}-${target.last}`;
}

function endpointsOf(mapping: ForwardMapping): Endpoint[] {
  const { address, first, last } = listenRangeOf(mapping);
  return Array.from({ length: last - first + 1 }, (_, i) => ({ address, port: first + i }));
}

/** Those on ports that were asked for by number, and so can be asked for again. */
function socketsByEndpoint({ mapping, ports }: Forward): (readonly [string, UdpSocket])[] {
  const endpoints = endpointsOf(mapping);
  return ports.map(({ socket }, i) => {
    const { address, port } = endpoints[i] ?? socket.local;
    return [keyOf(port === 0 ? socket.local : { address, port }), socket] as const;
  });
}

const keyOf = ({ address, port }: Endpoint): string => `${address} ${port}`;
