/**
 * A server's shard with routes, sources and upstreams on hosts of a network in memory, in virtual
 * time: no client, no session.
 */
import {
  formatEndpoint,
  isUnspecifiedAddress,
  parseEndpoint,
  packedPort,
  PACKED_ENDPOINT_BYTES,
  unpackEndpoint,
  type DatagramBatch,
  type Endpoint,
} from '@relay/packet';
import { generateKeyPair, nodePrimitives } from '@relay/session';
import type { UdpSocket } from '@relay/socket';
import { MemoryNetwork, type MemoryHost } from '@relay/socket/testing';
import {
  PublicPort,
  Shard,
  type Route,
  type RouteSettings,
  type ShardEvent,
  type ShardOptions,
  type UpstreamSettings,
} from '../../src/index.js';

export const SERVER = { v4: '192.0.2.1', v6: '2001:db8::1' };
export const DELAY_MS = 5;

const SETTINGS: RouteSettings = {
  name: 'dns',
  idleMs: 60_000,
  maxFlows: 20_000,
  balance: 'round-robin',
  hashBy: 'address',
  health: 'passive',
};

export function endpoint(text: string): Endpoint {
  const parsed = parseEndpoint(text);
  if (parsed === undefined) throw new RangeError(text);
  return parsed;
}

/** An upstream of one address, with an optional weight: `10.0.0.1:53*3`. */
export function upstream(text: string): UpstreamSettings {
  const [name = '', weight = '1'] = text.split('*');
  const { address, port } = endpoint(name);
  return { name, addresses: [address], firstPort: port, weight: Number(weight) };
}

/** A service that counts what comes, and sends it back with its own endpoint in front. */
export class Echo {
  readonly text: string;
  readonly #host: MemoryHost;
  /** What came, by the endpoint of the server. */
  readonly heard: { readonly from: string; readonly text: string }[] = [];
  isSilent = false;
  #socket: UdpSocket | undefined;

  constructor(host: MemoryHost, text: string) {
    this.#host = host;
    this.text = text;
  }

  async start(): Promise<void> {
    const socket = this.#host.createSocket({ local: endpoint(this.text) });
    socket.onReceive = (batch) => {
      for (const { from, text } of datagramsOf(batch)) {
        this.heard.push({ from: formatEndpoint(from), text });
        if (!this.isSilent) socket.send(Buffer.from(`${this.text} ${text}`), from);
      }
    };
    this.#socket = socket;
    await socket.open();
  }

  /** Nobody listens any more: the host answers with an ICMP error. */
  async stop(): Promise<void> {
    await this.#socket?.close();
  }
}

export class RouteStage {
  readonly network = new MemoryNetwork({ delayMs: DELAY_MS });
  readonly host: MemoryHost;
  readonly shard: Shard;
  readonly events: ShardEvent[] = [];
  /** What came back: `SOURCE from ASKED: TEXT`. */
  readonly replies: string[] = [];
  readonly #hosts = new Map<string, MemoryHost>();
  readonly #sources = new Map<string, UdpSocket>();
  readonly #targetSockets: UdpSocket[] = [];
  #cancel: (() => void) | undefined;

  /** Sockets to upstreams are given to `prepare` before they open. */
  constructor(options: Partial<ShardOptions> = {}, prepare = (_socket: UdpSocket): void => undefined) {
    this.host = this.network.host([SERVER.v4, SERVER.v6]);
    const tunnel = this.host.createSocket({ local: { address: SERVER.v4, port: 7878 } });
    this.shard = new Shard({
      channel: { staticKey: generateKeyPair(), primitives: nodePrimitives, random: (bytes) => void bytes.fill(7) },
      socket: tunnel,
      openSocket: (socket) => {
        const opened = this.host.createSocket(socket);
        prepare(opened);
        this.#targetSockets.push(opened);
        return opened;
      },
      targetSocket: {},
      clock: () => this.nowMs,
      wallClock: () => this.nowMs,
      soon: (run) => {
        this.network.clock.schedule(0, () => {
          run();
          this.settle();
        });
      },
      settleSoon: () => this.network.clock.schedule(0, () => this.settle()),
      isOwn: () => false,
      routeTo: (endpoint) => this.host.routeTo(endpoint),
      descriptors: { isShort: false, ranOut: () => undefined },
      maxFlows: 20_000,
      maxFlowsPerClient: 100,
      idleMs: 60_000,
      ...options,
    });
  }

  get nowMs(): number {
    return this.network.clock.nowMs;
  }

  /** How many sockets to upstreams are open. */
  get openSockets(): number {
    return this.#targetSockets.filter(({ state }) => state !== 'closed').length;
  }

  pass(ms: number): Promise<void> {
    return this.network.clock.pass(ms);
  }

  /** Sends what waits and wakes in time, as a program's loop does. */
  settle(): void {
    this.shard.flush();
    this.events.push(...this.shard.takeEvents());
    this.#cancel?.();
    const { clock } = this.network;
    const { nextWakeMs } = this.shard;
    if (nextWakeMs === Infinity) return;
    this.#cancel = clock.schedule(Math.max(0.001, nextWakeMs - clock.nowMs), () => {
      this.shard.wake(clock.nowMs);
      this.settle();
    });
  }

  /** A route that listens on each of these endpoints, of which a range has several. */
  async open(
    listen: readonly (readonly string[])[],
    upstreams: readonly UpstreamSettings[],
    settings: Partial<RouteSettings> = {},
  ): Promise<Route> {
    const route = this.shard.routes.add({ ...SETTINGS, ...settings }, listen[0]?.length ?? 0);
    for (const range of listen) {
      for (const [number, text] of range.entries()) {
        const local = endpoint(text);
        const socket = this.host.createSocket({ local, receiveLocals: isUnspecifiedAddress(local.address) });
        const port = new PublicPort(socket, local);
        socket.onReceive = (batch) => {
          this.shard.routes.receive(route, port, batch, this.nowMs);
          batch.bytes.fill(0xee); // a socket uses its buffer again
          this.settle();
        };
        socket.onError = (error, _destination, tag) => this.shard.unsent(tag, error.datagrams);
        await socket.open();
        route.addPort(port, number);
      }
    }
    route.setUpstreams(upstreams, this.nowMs);
    this.settle();
    return route;
  }

  /** Changes the settings of a route. */
  update(route: Route, settings: Partial<RouteSettings>): void {
    route.update({ ...SETTINGS, ...settings }, this.nowMs);
    this.settle();
  }

  setUpstreams(route: Route, ...upstreams: readonly UpstreamSettings[]): void {
    route.setUpstreams(upstreams, this.nowMs);
    this.settle();
  }

  setDrained(route: Route, name: string, isDrained: boolean): boolean {
    const isThere = route.setDrained(name, isDrained);
    this.settle();
    return isThere;
  }

  /** Services at these endpoints. */
  async echoes(...texts: readonly string[]): Promise<Echo[]> {
    const echoes = texts.map((text) => new Echo(this.#hostOf(endpoint(text).address), text));
    for (const echo of echoes) await echo.start();
    return echoes;
  }

  /** A source sends a datagram. */
  async send(from: string, to: string, text = 'x'): Promise<void> {
    let source = this.#sources.get(from);
    if (source === undefined) {
      const { address } = endpoint(from);
      source = this.#hostOf(address).createSocket({ local: endpoint(from) });
      source.onReceive = (batch) => {
        for (const { from: asked, text: reply } of datagramsOf(batch))
          this.replies.push(`${from} from ${formatEndpoint(asked)}: ${reply}`);
      };
      this.#sources.set(from, source);
      await source.open();
    }
    source.send(Buffer.from(text), endpoint(to));
  }

  /** `count` sources send a datagram each, one every `everyMs`; all have been answered then. */
  async sendFromMany(count: number, to: string, everyMs = 0, first = 0): Promise<void> {
    for (let i = first; i < first + count; i++) {
      await this.send(`203.0.113.${1 + (i % 20)}:${4000 + i}`, to, `${i}`);
      if (everyMs > 0) await this.pass(everyMs);
    }
    await this.pass(5 * DELAY_MS);
  }

  /** Datagrams of sources with nobody behind, as a flood has them. */
  spoof(source: string, to: string): void {
    const { address } = endpoint(source);
    this.network.carry(this.#hostOf(address), endpoint(source), endpoint(to), Buffer.from('x'));
  }

  /** The kinds of the events of routes so far, with what they are about. */
  get said(): string[] {
    return this.events.flatMap((event) => {
      if (event.kind === 'upstream-down')
        return [`down ${formatEndpoint(unpackEndpoint(event.target, 0))} ${event.reason}`];
      if (event.kind === 'upstream-up') return [`up ${formatEndpoint(unpackEndpoint(event.target, 0))}`];
      return event.kind === 'route-failed-open' ? [`failed open ${packedPort(event.listen, 0)}`] : [];
    });
  }

  /** What came in and neither went out nor was dropped for a reason, both ways: 0. */
  get unaccounted(): number {
    const { toTarget, fromTarget } = this.shard.figures().route;
    return [toTarget, fromTarget].reduce((sum, { inDatagrams, outDatagrams, drops }) => {
      const dropped = Object.values(drops as Record<string, number>).reduce((all, count) => all + count, 0);
      return sum + Math.abs(inDatagrams - outDatagrams - dropped);
    }, 0);
  }

  #hostOf(address: string): MemoryHost {
    let host = this.#hosts.get(address);
    if (host === undefined) {
      host = this.network.host(address);
      this.#hosts.set(address, host);
    }
    return host;
  }
}

function datagramsOf({ count, bytes, offsets, lengths, sources }: DatagramBatch): { from: Endpoint; text: string }[] {
  return Array.from({ length: count }, (_, i) => {
    const start = offsets[i] ?? 0;
    const text = Buffer.from(bytes.subarray(start, start + (lengths[i] ?? 0))).toString();
    return { from: unpackEndpoint(sources, i * PACKED_ENDPOINT_BYTES), text };
  });
}
