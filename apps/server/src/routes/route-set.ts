/** The live set of routes of a running server: the wanted ones are applied to the running ones. */
import { isUnspecifiedAddress } from '@relay/packet';
import { EXIT, Pace, ProgramFailure, type Machine } from '@relay/program';
import type { RouteStatus } from '@relay/relay';
import type { UdpSocket } from '@relay/socket';
import { checkRoutes, checkTargets, isLoopback, overlap, type Ports } from './check-routes.js';
import { portCountOf, type RouteMapping, type RouteTarget } from './route-format.js';
import { RunningRoute, type RouteSurroundings } from './running-route.js';
import { nameOf } from './route-text.js';
import {
  bindingsOf,
  openBindings,
  type ListenAddresses,
  type OpenedSockets,
  type RouteBinding,
} from './route-bindings.js';
import { UpstreamNames, type UpstreamNamesOptions } from './upstream-names.js';

/** The changes that {@link RouteSet.apply} made. */
export interface RouteChanges {
  readonly opened: readonly RunningRoute[];
  /** The descriptions of those that are closed. */
  readonly closed: readonly string[];
}

/** The options of {@link RouteSet}. */
export interface RouteSetOptions
  extends
    Omit<RouteSurroundings, 'addressesOf' | 'isUnresolved' | 'clock'>,
    Pick<UpstreamNamesOptions, 'onMissing' | 'onFault'> {
  readonly machine: Pick<Machine, 'clock' | 'soon' | 'resolveName' | 'localAddresses'>;
  readonly openSocket: Machine['openSocket'];
  readonly addresses: ListenAddresses;
}

/** A wanted route, and the running one that it goes on as, if there is one. */
interface Plan {
  readonly mapping: RouteMapping;
  readonly bindings: ReadonlyMap<string, RouteBinding>;
  readonly running: RunningRoute | undefined;
}

export class RouteSet {
  readonly #options: RouteSetOptions;
  readonly #names: UpstreamNames;
  readonly #surroundings: RouteSurroundings;
  readonly #pace: Pace;
  #routes: readonly RunningRoute[] = [];
  /** Where the routes listen, or are about to: with the real ports. */
  #listeners: readonly Ports[] = [];
  /** The requested changes so far. They run one after another. */
  #changes: Promise<unknown> = Promise.resolve();

  constructor(options: RouteSetOptions) {
    const { machine, onMissing, onFault, settle } = options;
    this.#options = options;
    this.#pace = new Pace(machine);
    this.#names = new UpstreamNames({
      ...{ machine, onFault, settle },
      onFound: (name) => this.#refresh(name),
      onMissing: (name, reason) => {
        this.#refresh(name);
        onMissing(name, reason);
      },
    });
    this.#surroundings = {
      ...options,
      clock: machine.clock,
      isUnresolved: ({ host }) => this.#names.isUnresolved(host),
      addressesOf: (target) => this.#names.addressesOf(target.host).filter((address) => !this.#isOwn(address, target)),
    };
  }

  /** The routes in their configured order. */
  get routes(): readonly RunningRoute[] {
    return this.#routes;
  }

  /** When {@link due} has something to do, ms; Infinity: never. */
  get nextDueMs(): number {
    return this.#names.nextDueMs;
  }

  due(nowMs: number): void {
    this.#names.due(nowMs);
  }

  statuses(): RouteStatus[] {
    return this.#routes.map((route) => route.status());
  }

  /**
   * Runs the wanted routes and no others, all or nothing: rejects with a ProgramFailure if two of
   * them contradict each other or a port cannot be opened. A route of the same name, or with a port
   * in common, goes on: the flows of ports that stay lose nothing.
   */
  apply(wanted: readonly RouteMapping[]): Promise<RouteChanges> {
    const change = this.#changes.then(() => this.#apply(wanted));
    this.#changes = change.catch(() => undefined);
    return change;
  }

  /** Reads this host's addresses again, and listens on those that are new. */
  async lookAtAddresses(): Promise<void> {
    const isOnAll = this.#routes.some(({ mapping }) => mapping.listen.some((one) => isUnspecifiedAddress(one.address)));
    if (isOnAll && this.#options.addresses.look()) await this.apply(this.#routes.map(({ mapping }) => mapping));
  }

  /**
   * Gives an upstream no new flows, or again. Throws a ProgramFailure if there is no such route or
   * upstream.
   */
  setDrained(route: string, upstream: string, isDrained: boolean): void {
    const found = this.#routes.find(({ name, listening }) => name === route || listening.includes(route));
    if (found === undefined)
      throw new ProgramFailure(EXIT.refused, `there is no route ${JSON.stringify(route)}: mappings lists them`);
    if (!found.setDrained(upstream, isDrained))
      throw new ProgramFailure(
        EXIT.refused,
        `route ${JSON.stringify(route)} has no upstream ${JSON.stringify(upstream)}: mappings lists them`,
      );
    this.#options.settle();
  }

  /** Ends all routes, and closes their sockets. */
  async close(): Promise<void> {
    await this.apply([]);
  }

  async #apply(wanted: readonly RouteMapping[]): Promise<RouteChanges> {
    checkRoutes(wanted);
    const { plans, opened } = await this.#open(wanted);
    const listeners = listenersOf(plans, opened);
    try {
      checkTargets(wanted, listeners, 'a route');
    } catch (error) {
      await Promise.all([...opened.values()].map((socket) => socket.close()));
      throw error;
    }
    // Nothing waits from here on, so no datagram meets a half-applied change.
    const nowMs = this.#options.machine.clock();
    this.#listeners = listeners;
    this.#names.follow(
      wanted.flatMap(({ target }) => target.map(({ host }) => host)),
      nowMs,
    );
    const before = this.#routes;
    const closed = before.filter((route) => plans.every(({ running }) => running !== route));
    const descriptions = closed.map(({ description }) => description);
    const free = release(plans, closed);
    this.#routes = plans.map((plan) => this.#run(plan, opened, free));
    this.#options.settle();
    await Promise.all([...free.values()].map((socket) => socket.close()));
    return { opened: this.#routes.filter((route) => !before.includes(route)), closed: descriptions };
  }

  /** Opens what is missing for the wanted routes, all or none. */
  async #open(wanted: readonly RouteMapping[]): Promise<{ plans: Plan[]; opened: OpenedSockets }> {
    const { addresses, openSocket } = this.#options;
    const plans = this.#plan(wanted);
    const own = this.#openPortKeys(plans);
    const missing = plans.flatMap(({ bindings, running }) =>
      [...bindings].flatMap(([key, binding]) => {
        const isThere = binding.endpoint.port === 0 ? running?.sockets.has(key) === true : own.has(key);
        return isThere ? [] : [binding];
      }),
    );
    try {
      return { plans, opened: await openBindings(missing, openSocket, this.#pace) };
    } catch (error) {
      if (addresses.fallsBack(error)) return this.#open(wanted);
      throw error;
    }
  }

  /**
   * The keys of the ports that are open already: those that routes keep, and those that they name
   * from now on or leave to others.
   */
  #openPortKeys(plans: readonly Plan[]): ReadonlySet<string> {
    const keys = new Set<string>();
    for (const route of this.#routes) {
      const bindings = plans.find(({ running }) => running === route)?.bindings;
      for (const [key, { portKey }] of route.sockets) keys.add(bindings?.has(key) === true ? key : portKey);
    }
    return keys;
  }

  /** Whether a route listens on one of the ports at this address: datagrams would go round. */
  /** What is known of a name has changed. */
  #refresh(name: string): void {
    for (const route of this.#routes) if (route.mapping.target.some(({ host }) => host === name)) route.refresh();
  }

  #isOwn(address: string, { first, last }: RouteTarget): boolean {
    const local = new Set(localAddresses(this.#options.machine));
    const isLocal = (one: string): boolean => local.has(one) || isLoopback(one);
    return this.#listeners.some((one) => overlap(one, { address, first, last }, isLocal));
  }

  #plan(wanted: readonly RouteMapping[]): Plan[] {
    const left = new Set(this.#routes);
    const plans = wanted.map((mapping) => ({ mapping, bindings: bindingsOf(mapping, this.#options.addresses) }));
    const take = (plan: Omit<Plan, 'running'>, isIt: (route: RunningRoute) => boolean): RunningRoute | undefined => {
      const found = [...left].find((route) => portCountOf(route.mapping) === portCountOf(plan.mapping) && isIt(route));
      if (found !== undefined) left.delete(found);
      return found;
    };
    const byName = plans.map((plan) => take(plan, ({ name }) => name === nameOf(plan.mapping)));
    return plans.map((plan, i) => {
      const { bindings } = plan;
      const running =
        byName[i] ??
        take(plan, ({ sockets }) =>
          [...sockets].some(([key, { portKey }]) => bindings.has(key) || bindings.has(portKey)),
        );
      return { ...plan, running };
    });
  }

  /** The route of a plan, with its sockets; those that it takes over leave `free`. */
  #run({ mapping, bindings, running }: Plan, opened: OpenedSockets, free: Map<string, UdpSocket>): RunningRoute {
    const route = running ?? new RunningRoute(mapping, this.#surroundings);
    for (const [key, binding] of bindings) {
      if (running?.sockets.has(key) === true) continue;
      const socket = opened.get(binding) ?? free.get(key);
      if (socket === undefined) continue; // an address of a link, which may be missing
      free.delete(key);
      route.add(binding, socket);
    }
    running?.update(mapping);
    return route;
  }
}

/** Where the routes of these plans listen; of any free port the one that it has become. */
function listenersOf(plans: readonly Plan[], opened: OpenedSockets): Ports[] {
  return plans.flatMap(({ mapping, bindings, running }) =>
    mapping.listen.flatMap((range) => {
      if (range.first !== 0) return [range];
      const sockets = [...bindings]
        .filter(([, binding]) => binding.range === range)
        .flatMap(([key, binding]) => opened.get(binding) ?? running?.sockets.get(key)?.socket ?? []);
      return sockets.slice(0, 1).map(({ local: { port } }) => ({ address: range.address, first: port, last: port }));
    }),
  );
}

/** None where the system cannot tell: it opens a socket to read them. */
function localAddresses(machine: Pick<Machine, 'localAddresses'>): readonly string[] {
  try {
    return machine.localAddresses();
  } catch {
    return [];
  }
}

/**
 * Takes the sockets that their routes need no more out of them. Returns these by the keys of their
 * ports.
 */
function release(plans: readonly Plan[], closed: readonly RunningRoute[]): Map<string, UdpSocket> {
  const free = new Map<string, UdpSocket>();
  for (const route of closed) {
    for (const { portKey, socket } of route.sockets.values()) free.set(portKey, socket);
    route.end();
  }
  for (const { running, bindings } of plans) {
    for (const [key, { portKey, socket }] of [...(running?.sockets ?? [])]) {
      if (bindings.has(key)) continue;
      const named = bindings.get(portKey);
      if (named !== undefined) {
        running?.keep(key, named);
        continue;
      }
      running?.remove(key);
      free.set(portKey, socket);
    }
  }
  return free;
}
