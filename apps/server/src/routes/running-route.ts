import { formatEndpoint } from '@relay/packet';
import { formatHostPorts, type Machine } from '@relay/program';
import { PublicPort, type OwnEndpoints, type Route, type RouteStatus, type Routes, type Shard } from '@relay/relay';
import { withKnownZone, type UdpSocket } from '@relay/socket';
import { keyOf, type RouteBinding } from './route-bindings.js';
import { portCountOf, settingsOf, type RouteMapping, type RouteTarget } from './route-format.js';
import { nameOf, targetText, targetTexts } from './route-text.js';

/** What running routes work with. */
export interface RouteSurroundings {
  readonly routes: Pick<Routes, 'add' | 'remove' | 'receive'>;
  readonly unsent: Shard['unsent'];
  readonly clock: Machine['clock'];
  /** No client reaches a route through the server: a datagram could go round. */
  readonly own: Pick<OwnEndpoints, 'addEndpoint' | 'removeEndpoint'>;
  /** The addresses of an upstream that are known now, but for those on which routes listen. */
  readonly addressesOf: (target: RouteTarget) => readonly string[];
  /** Whether the name of an upstream was looked up, and no address of it was found. */
  readonly isUnresolved: (target: RouteTarget) => boolean;
  /** Sends what waits, and sets the timer: called after sources were heard. */
  readonly settle: () => void;
}

/** A socket of a route. */
export interface RouteSocket {
  readonly socket: UdpSocket;
  /** What would be its key if its route named the port that it has. */
  readonly portKey: string;
}

interface BoundSocket extends RouteBinding, RouteSocket {
  readonly port: PublicPort;
}

/** A route that runs: its sockets, and what the shard makes of what they hear. */
export class RunningRoute {
  readonly #surroundings: RouteSurroundings;
  readonly #route: Route;
  readonly #sockets = new Map<string, BoundSocket>();
  #mapping: RouteMapping;

  constructor(mapping: RouteMapping, surroundings: RouteSurroundings) {
    this.#mapping = mapping;
    this.#surroundings = surroundings;
    this.#route = surroundings.routes.add(settingsOf(mapping, nameOf(mapping)), portCountOf(mapping));
    this.refresh();
  }

  get mapping(): RouteMapping {
    return this.#mapping;
  }

  get name(): string {
    return nameOf(this.#mapping);
  }

  /** Where it listens: one text for each listener, with the real ports. */
  get listening(): string[] {
    return this.#mapping.listen.map(({ address, first, last }, listener) => {
      const own = [...this.#sockets.values()].find((one) => one.listener === listener);
      const real = first === 0 ? (own?.socket.local.port ?? 0) : first;
      return formatHostPorts(address, { first: real, last: real + last - first });
    });
  }

  /** The text `127.0.0.1:5300 -> 127.0.0.1:53, 127.0.0.1:54`, with the real ports. */
  get description(): string {
    return `${this.listening.join(', ')} -> ${targetTexts(this.#mapping)}`;
  }

  status(): RouteStatus {
    return this.#route.status();
  }

  /** How many of its ports are open. */
  get openPorts(): number {
    return new Set([...this.#sockets.values()].map(({ listener, number }) => `${listener} ${number}`)).size;
  }

  /** The sockets by the keys of their bindings; see {@link keyOf}. */
  get sockets(): ReadonlyMap<string, RouteSocket> {
    return this.#sockets;
  }

  /** Listens on this open socket too. */
  add(binding: RouteBinding, socket: UdpSocket): void {
    const { routes, unsent, clock, settle } = this.#surroundings;
    const { address } = binding.endpoint;
    // The zone's interface may be gone already: the port hears nothing then.
    const own = withKnownZone(address) ?? address.replace(/%.*/, '');
    const port = new PublicPort(socket, { address: own, port: socket.local.port });
    socket.onReceive = (batch) => {
      routes.receive(this.#route, port, batch, clock());
      settle();
    };
    socket.onKernelDrops = (datagrams) => this.#route.listener.lostInKernel(datagrams);
    socket.onError = (error, _destination, tag) => unsent(tag, error.datagrams);
    this.#route.addPort(port, binding.number);
    this.#surroundings.own.addEndpoint({ address, port: socket.local.port });
    const portKey = formatEndpoint({ address, port: socket.local.port });
    this.#sockets.set(keyOf(binding), { ...binding, socket, portKey, port });
  }

  /** The socket with this key, on any free port, is that of a binding which names its port. */
  keep(key: string, binding: RouteBinding): void {
    const bound = this.#sockets.get(key);
    if (bound === undefined) return;
    this.#sockets.delete(key);
    this.#sockets.set(keyOf(binding), { ...bound, ...binding });
  }

  /** Listens no more on the socket with this key, which is the caller's from now on. */
  remove(key: string): void {
    const bound = this.#sockets.get(key);
    if (bound === undefined) return;
    this.#sockets.delete(key);
    const { own, clock } = this.#surroundings;
    own.removeEndpoint({ address: bound.endpoint.address, port: bound.socket.local.port });
    this.#route.removePort(bound.port, clock());
  }

  /** Other settings and upstreams. Open flows go on. */
  update(mapping: RouteMapping): void {
    this.#mapping = mapping;
    this.#route.update(settingsOf(mapping, nameOf(mapping)), this.#surroundings.clock());
    this.refresh();
  }

  /** Uses the addresses of its upstreams that are known now. */
  refresh(): void {
    const { addressesOf, isUnresolved, clock } = this.#surroundings;
    const upstreams = this.#mapping.target.map((target) => ({
      name: targetText(target),
      addresses: addressesOf(target),
      isUnresolved: isUnresolved(target),
      firstPort: target.first,
      weight: target.weight,
    }));
    this.#route.setUpstreams(upstreams, clock());
  }

  /** See `Route.setDrained` of @relay/relay. */
  setDrained(upstream: string, isDrained: boolean): boolean {
    return this.#route.setDrained(upstream, isDrained);
  }

  /** Ends its flows; its sockets are the caller's from now on. */
  end(): void {
    const { own, routes, clock } = this.#surroundings;
    for (const { endpoint, socket } of this.#sockets.values())
      own.removeEndpoint({ address: endpoint.address, port: socket.local.port });
    this.#sockets.clear();
    routes.remove(this.#route, clock());
  }
}
