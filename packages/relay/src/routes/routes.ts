import type { DatagramBatch } from '@relay/packet';
import { seededRandom } from '../balance/random.js';
import type { PublicPort } from '../ends/public-port.js';
import { FlowTable } from '../flow/flow-table.js';
import type { ModeTraffic } from '../traffic.js';
import { Route, type RouteSurroundings } from './route.js';
import { Notices } from '../notices.js';
import type { RouteNotice, RouteSettings, RouteStatus } from './route-data.js';

/** What the routes of a shard need of it. */
export interface RoutesOptions extends Omit<RouteSurroundings, 'table' | 'random' | 'notices' | 'fault'> {
  readonly traffic: ModeTraffic;
  /** Counts an error that this program threw over a datagram. Returns its drop code. */
  readonly fault: (error: unknown, nowMs: number) => number;
}

/** The routes of a shard, and their flows: no client has a part in them. */
export class Routes {
  readonly flows: FlowTable;
  readonly #options: RoutesOptions;
  readonly #random: () => number;
  readonly #notices = new Notices<RouteNotice>();
  readonly #routes = new Set<Route>();

  constructor(options: RoutesOptions) {
    this.#options = options;
    this.flows = new FlowTable(options.traffic, options.idle, { shared: options.server });
    const seed = new Uint32Array(1);
    options.fill(new Uint8Array(seed.buffer));
    this.#random = seededRandom(seed[0] ?? 0);
  }

  /**
   * A route, until {@link remove}, each of whose listeners and upstreams has `count` ports. Its
   * ports and upstreams are still to be given.
   */
  add(settings: RouteSettings, count: number): Route {
    const [table, random, notices] = [this.flows, this.#random, this.#notices];
    const route = new Route(settings, count, { ...this.#options, table, random, notices });
    this.#routes.add(route);
    return route;
  }

  /** The ports of the route are closed: its flows end. */
  remove(route: Route, nowMs: number): void {
    if (this.#routes.delete(route)) route.close(nowMs);
  }

  /** Ends all routes. */
  close(nowMs: number): void {
    for (const route of this.#routes) this.remove(route, nowMs);
  }

  /** Takes datagrams of sources, which have arrived at a port of a route. */
  receive(route: Route, port: PublicPort, batch: DatagramBatch, nowMs: number): void {
    const { run, upstreams } = this.#options;
    for (let i = 0; i < batch.count; i++) {
      try {
        route.listener.receive(port, batch, i, nowMs);
      } catch (error) {
        this.flows.traffic.toTarget.dropped(this.#options.fault(error, nowMs));
      }
    }
    run.flush(); // before the batch is used again
    upstreams.openAdmitted();
  }

  /** The events since the last call, the oldest first. */
  takeNotices(): readonly RouteNotice[] {
    return this.#notices.take();
  }

  statuses(): RouteStatus[] {
    return [...this.#routes].map((route) => route.status());
  }
}
