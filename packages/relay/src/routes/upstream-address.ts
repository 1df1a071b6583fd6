import { formatEndpoint, packEndpoint, PACKED_ENDPOINT_BYTES } from '@relay/packet';
import { hashEndpoint } from '../balance/hash-endpoint.js';
import type { Upstreams } from '../ends/upstream.js';
import type { UpstreamOwner } from '../ends/upstream-end.js';
import type { End } from '../flow/flow.js';
import type { RouteUpstream } from '../modes/route.js';
import type { ActiveHealth } from './active-check.js';
import type { HealthCheckOptions } from './health-check.js';
import type { DownReason, UpstreamSettings, UpstreamStatus } from './route-data.js';
import { RoutedFlow, type RoutedFlows } from './routed-flow.js';
import { UpstreamPort } from './upstream-port.js';

/** What the addresses of one route's upstreams share. */
export interface UpstreamSurroundings extends Omit<HealthCheckOptions, 'found'> {
  readonly upstreams: Upstreams;
  readonly owner: UpstreamOwner;
  /** A port is down (for this reason), or up again. */
  readonly changed: (address: UpstreamAddress, port: UpstreamPort, reason: DownReason | undefined) => void;
}

/** One address of an upstream: what balances choose. */
export class UpstreamAddress implements RouteUpstream, RoutedFlows {
  /** What {@link keyOf} gives for it. */
  readonly key: string;
  /** `ADDR:PORT` of its first port. */
  readonly target: string;
  readonly hash: number;
  credit = 0;
  isDrained = false;
  answered = 0;
  unanswered = 0;
  flowCount = 0;
  readonly ports: readonly UpstreamPort[];
  readonly #surroundings: UpstreamSurroundings;
  #settings: UpstreamSettings;

  /** `count`: how many ports it has, as many as its route. */
  constructor(settings: UpstreamSettings, address: string, count: number, surroundings: UpstreamSurroundings) {
    const { firstPort } = settings;
    this.#settings = settings;
    this.#surroundings = surroundings;
    this.target = formatEndpoint({ address, port: firstPort });
    this.ports = Array.from({ length: count }, (_, number) => {
      const target = packed(address, firstPort + number);
      return new UpstreamPort(target, number, surroundings.idle, (port, reason) =>
        surroundings.changed(this, port, reason),
      );
    });
    this.key = keyOf(address, firstPort);
    this.hash = hashEndpoint(packed(address, firstPort), true);
  }

  /** Its text, as configured. */
  get name(): string {
    return this.#settings.name;
  }

  get weight(): number {
    return this.#settings.weight;
  }

  /** Another name or weight for the same address. */
  update(settings: UpstreamSettings): void {
    this.#settings = settings;
  }

  takesFlow(number: number, nowMs: number): boolean {
    return this.ports[number]?.health.takesFlow(nowMs) ?? false;
  }

  newEnd(number: number, nowMs: number): End {
    const { upstreams, owner } = this.#surroundings;
    const port = this.ports[number];
    if (port === undefined) throw new RangeError(`no port ${number} of ${this.target}`);
    port.health.flowBegins(nowMs);
    return upstreams.newEnd(owner, new RoutedFlow(this, port));
  }

  /** Whether its silence may tell that it is down. */
  set expectsAnswers(expects: boolean) {
    for (const { health } of this.ports) health.expectsAnswers = expects;
  }

  /** Its ports are asked whether they are up, or it is left to flows to tell. */
  checkBy(health: ActiveHealth | undefined, nowMs: number): void {
    for (const port of this.ports) port.checkBy(health, this.#surroundings, nowMs);
  }

  /** It is an upstream of its route no more. Its flows go on. */
  leave(): void {
    for (const port of this.ports) port.leave();
  }

  status(): UpstreamStatus {
    const { name: upstream, target, weight, flowCount: flows, answered, unanswered } = this;
    return { upstream, target, weight, state: this.#state, flows, answered, unanswered };
  }

  get #state(): UpstreamStatus['state'] {
    if (this.isDrained) return 'drained';
    const down = this.ports.filter(({ health }) => !health.isUp).length;
    if (down === 0) return 'up';
    return down === this.ports.length ? 'down' : 'degraded';
  }
}

/** An endpoint as a key of a map: the same text for the same endpoint, however it is written. */
export const keyOf = (address: string, port: number): string => Buffer.from(packed(address, port)).toString('latin1');

function packed(address: string, port: number): Uint8Array {
  const bytes = new Uint8Array(PACKED_ENDPOINT_BYTES);
  packEndpoint({ address, port }, bytes, 0);
  return bytes;
}
