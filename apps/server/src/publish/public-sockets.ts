import { FLOW_CLOSE, formatEndpoint, type Endpoint } from '@relay/packet';
import { closePorts, ListenFailure, openPorts, type Machine, type Pace } from '@relay/program';
import { PublicPort, type Listener, type OwnEndpoints, type Shard, type VisitorRules } from '@relay/relay';
import { SocketError, withKnownZone, type UdpSocket } from '@relay/socket';

/** What the sockets of public ports work with. */
export interface SocketSurroundings {
  readonly openSocket: Machine['openSocket'];
  readonly clock: Machine['clock'];
  /** A range of ports opens and closes in slices. */
  readonly pace: Pick<Pace, 'turn'>;
  readonly shard: Pick<Shard, 'receiveFromVisitors' | 'removeListener' | 'unsent' | 'flush'>;
  /** Nobody reaches a public port of this server through this server. */
  readonly own: Pick<OwnEndpoints, 'add' | 'remove'>;
  /** Sends what waits, and sets the timer: called after visitors were heard. */
  readonly settle: () => void;
}

/** How many flows are judged by new rules before everything else may have its turn. */
const JUDGED_AT_ONCE = 32;
/** How many endpoints are tried at the same time. */
const AT_ONCE = 8;

interface PublicSocket {
  readonly socket: UdpSocket;
  readonly port: PublicPort;
  /** Whether its port counts as one of the server's own. */
  isOwn: boolean;
}

/** The sockets of one publication: what they hear goes to its listener from the first moment on. */
export class PublicSockets {
  readonly listener: Listener;
  readonly #surroundings: SocketSurroundings;
  /** By the text of their endpoints. */
  readonly #sockets = new Map<string, PublicSocket>();
  #isClosed = false;

  constructor(listener: Listener, surroundings: SocketSurroundings) {
    this.listener = listener;
    this.#surroundings = surroundings;
  }

  /** How many there are. */
  get size(): number {
    return this.#sockets.size;
  }

  /** On how many different ports they are. */
  get portCount(): number {
    return new Set([...this.#sockets.values()].map(({ socket }) => socket.local.port)).size;
  }

  has(endpoint: Endpoint): boolean {
    return this.#sockets.has(formatEndpoint(endpoint));
  }

  /** Opens all of these endpoints, or none. Rejects with a ListenFailure. */
  async openAll(endpoints: readonly Endpoint[]): Promise<void> {
    try {
      await openPorts(endpoints, (options) => this.#make(options), this.#surroundings.pace);
    } catch (error) {
      await this.#drop(endpoints);
      throw error;
    }
    for (const endpoint of endpoints) this.#own(endpoint);
  }

  /** Opens those of these endpoints that are free. Returns the failures of the others. */
  async openSome(endpoints: readonly Endpoint[]): Promise<ListenFailure[]> {
    const failures: ListenFailure[] = [];
    for (let first = 0; first < endpoints.length && !this.#isClosed; first += AT_ONCE) {
      const some = endpoints.slice(first, first + AT_ONCE);
      const opened = await Promise.allSettled(some.map((endpoint) => this.openAll([endpoint])));
      for (const result of opened) {
        if (result.status === 'fulfilled') continue;
        if (!(result.reason instanceof ListenFailure)) throw result.reason;
        failures.push(result.reason);
      }
    }
    return failures;
  }

  /** Other rules for visitors hold from now on. Resolves when the open flows are judged by them. */
  async applyRules(rules: VisitorRules): Promise<void> {
    const { pace, clock, settle } = this.#surroundings;
    for (const [i, flow] of this.listener.applyRules(rules).entries()) {
      if (i % JUDGED_AT_ONCE === 0) await pace.turn();
      this.listener.judge(flow, clock());
    }
    settle();
  }

  /** Closes all sockets but those on these endpoints; their flows end. */
  async keepOnly(endpoints: readonly Endpoint[]): Promise<void> {
    const kept = new Set(endpoints.map(formatEndpoint));
    await this.#dropNamed([...this.#sockets.keys()].filter((name) => !kept.has(name)));
  }

  /** Ends all flows, and closes everything: also what opens at this time. */
  async close(): Promise<void> {
    const { shard, clock } = this.#surroundings;
    if (!this.#isClosed) shard.removeListener(this.listener, clock());
    this.#isClosed = true;
    await this.#dropNamed([...this.#sockets.keys()]);
  }

  #make(options: Parameters<Machine['openSocket']>[0]): UdpSocket {
    const { openSocket, shard, clock, settle } = this.#surroundings;
    const { local } = options;
    if (this.#isClosed || local === undefined) throw new SocketError('closed', 'create');
    const target = withInterface(local);
    const socket = openSocket(options);
    const port = new PublicPort(socket, target);
    this.listener.addPort(port);
    socket.onReceive = (batch) => {
      shard.receiveFromVisitors(this.listener, port, batch, clock());
      settle();
    };
    socket.onKernelDrops = (datagrams) => this.listener.lostInKernel(datagrams);
    socket.onError = (error, _destination, tag) => shard.unsent(tag, error.datagrams);
    this.#sockets.set(formatEndpoint(local), { socket, port, isOwn: false });
    return socket;
  }

  #own(endpoint: Endpoint): void {
    const opened = this.#sockets.get(formatEndpoint(endpoint));
    if (opened === undefined) return; // closed since
    opened.isOwn = true;
    this.#surroundings.own.add(endpoint.port);
  }

  #drop(endpoints: readonly Endpoint[]): Promise<void> {
    return this.#dropNamed(endpoints.map(formatEndpoint));
  }

  /** The last datagrams to visitors leave before the sockets close. */
  async #dropNamed(names: readonly string[]): Promise<void> {
    const { shard, own, clock, pace } = this.#surroundings;
    const dropped = names.flatMap((name) => this.#sockets.get(name) ?? []);
    for (const name of names) this.#sockets.delete(name);
    this.listener.removePorts(new Set(dropped.map(({ port }) => port)), FLOW_CLOSE.notPublished, clock());
    for (const { isOwn, socket } of dropped) if (isOwn) own.remove(socket.local.port);
    shard.flush();
    await closePorts(
      dropped.map(({ socket }) => socket),
      pace,
    );
  }
}

/** The endpoint with its zone as a number. Throws a SocketError if there is no such interface. */
function withInterface(local: Endpoint): Endpoint {
  const address = withKnownZone(local.address);
  if (address === undefined) throw new SocketError('address-not-available', 'create');
  return { address, port: local.port };
}
