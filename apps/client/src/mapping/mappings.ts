/**
 * The live set of mappings of a running client. It applies the wanted mappings to the running ones.
 */
import { FLOW_CLOSE, type Endpoint } from '@relay/packet';
import { closePorts, openPorts, Pace, ProgramFailure, type Machine } from '@relay/program';
import type { ClientShard } from '@relay/relay';
import type { UdpSocket } from '@relay/socket';
import { Forward } from './forward.js';
import { forwardText, listenPortsOf, type ForwardMapping } from './forward-format.js';

/** The changes that {@link Mappings.apply} made. */
export interface MappingChanges {
  readonly opened: readonly Forward[];
  readonly closed: readonly Forward[];
  /** The forwards that ran before and still run. They have lost nothing. */
  readonly kept: readonly Forward[];
  /** The reasons why ports could not be opened. If there is one, nothing was changed. */
  readonly failed: readonly ProgramFailure[];
}

/** The options of {@link Mappings}. */
export interface MappingsOptions {
  readonly shard: Pick<ClientShard, 'newListener'>;
  readonly openSocket: Machine['openSocket'];
  /** Its steady clock, in ms; the ports of a range open in slices. */
  readonly machine: Pick<Machine, 'clock' | 'soon'>;
  /** Called for each forward whose sockets are open, so that it receives datagrams. */
  readonly begin: (forward: Forward) => void;
}

export class Mappings {
  readonly #options: MappingsOptions;
  readonly #pace: Pace;
  #forwards: readonly Forward[] = [];
  /** The requested changes so far. They run one after another. */
  #changes: Promise<unknown> = Promise.resolve();

  constructor(options: MappingsOptions) {
    this.#options = options;
    this.#pace = new Pace(options.machine);
  }

  /** The forwards in their configured order. */
  get forwards(): readonly Forward[] {
    return this.#forwards;
  }

  /**
   * Opens the wanted mappings and closes the others, all or nothing. A mapping between the same
   * endpoints keeps its flows and gets its new limits. A port that a new mapping takes over from an
   * old one stays open.
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
      sockets = await openPorts(missing, this.#options.openSocket, this.#pace);
    } catch (error) {
      if (!(error instanceof ProgramFailure)) throw error;
      return { opened: [], closed: [], kept: this.#forwards, failed: [error] };
    }
    // Nothing waits from here on, so no datagram meets a half-applied change.
    const nowMs = this.#options.machine.clock();
    for (const forward of leaving) forward.listener.end(FLOW_CLOSE.closed, nowMs);
    const opened: Forward[] = [];
    this.#forwards = wanted.map((mapping, i) => {
      const kept = found[i];
      kept?.update(mapping);
      const forward = kept ?? this.#newForward(mapping, taken, sockets);
      if (kept === undefined) opened.push(forward);
      return forward;
    });
    await closePorts([...taken.values()], this.#pace);
    return { opened, closed: [...leaving], kept: found.filter((forward) => forward !== undefined), failed: [] };
  }

  /** Makes a forward. It takes its sockets out of `taken` and `opened`. */
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

/** Takes a forward between the same endpoints out of the set and returns it. */
function takeSame(forwards: Set<Forward>, mapping: ForwardMapping): Forward | undefined {
  for (const forward of forwards) {
    if (forwardText(forward.mapping) !== forwardText(mapping)) continue;
    forwards.delete(forward);
    return forward;
  }
  return undefined;
}

function endpointsOf(mapping: ForwardMapping): Endpoint[] {
  const { address, first, last } = listenPortsOf(mapping);
  return Array.from({ length: last - first + 1 }, (_, i) => ({ address, port: first + i }));
}

/** Returns the sockets by what names them in a configuration: the number of a free port, too. */
function socketsByEndpoint({ mapping, ports }: Forward): (readonly [string, UdpSocket])[] {
  const { address } = listenPortsOf(mapping);
  return ports.map(({ socket }) => [keyOf({ address, port: socket.local.port }), socket] as const);
}

const keyOf = ({ address, port }: Endpoint): string => `${address} ${port}`;
