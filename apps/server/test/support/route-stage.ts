/** A server with routes on a network in memory, in virtual time: the whole loop but its files. */
import { formatEndpoint, parseEndpoint, PACKED_ENDPOINT_BYTES, unpackEndpoint, type Endpoint } from '@relay/packet';
import { loadConfiguration } from '@relay/config';
import type { ShardEvent } from '@relay/relay';
import { generateKeyPair, nodePrimitives } from '@relay/session';
import type { Engine, UdpSocket } from '@relay/socket';
import { MemoryNetwork, type MemoryHost } from '@relay/socket/testing';
import { serverSchema } from '../../src/options.js';
import type { RouteMapping } from '../../src/routes/route-format.js';
import type { RouteChanges } from '../../src/routes/route-set.js';
import { RelayServer } from '../../src/server.js';

export const SERVER = { v4: '192.0.2.1', v6: '2001:db8::1' };

/** Routes, as flags write them. */
export const routesOf = (...routes: readonly string[]): readonly RouteMapping[] =>
  loadConfiguration(serverSchema, { flags: { route: routes } }).values.route;

const endpoint = (text: string): Endpoint => parseEndpoint(text) ?? { address: '::', port: 0 };

export class RouteStage {
  readonly network = new MemoryNetwork({ delayMs: 1 });
  readonly host: MemoryHost;
  readonly server: RelayServer;
  readonly faults: unknown[] = [];
  readonly events: ShardEvent[] = [];
  /** `NAME: REASON` of names that were not found. */
  readonly missing: string[] = [];
  /** The addresses of each name; an error where there is no resolver. */
  readonly names = new Map<string, readonly string[] | Error>();
  /** This host's addresses, as the programs see them. */
  addresses: readonly string[];
  /** What came back to sources. */
  readonly replies: string[] = [];
  readonly #hosts = new Map<string, MemoryHost>();
  readonly #sources = new Map<string, UdpSocket>();

  private constructor(engine: Engine, addresses: readonly string[]) {
    const { clock } = this.network;
    this.addresses = addresses;
    this.host = this.network.host(addresses.filter((address) => !address.startsWith('127.')));
    const machine = {
      openSocket: (options: Parameters<MemoryHost['createSocket']>[0]) => {
        const socket = this.host.createSocket(options);
        Object.defineProperty(socket, 'engine', { value: engine });
        return socket;
      },
      clock: () => clock.nowMs,
      wallClock: () => clock.nowMs,
      schedule: (delayMs: number, run: () => void) => clock.schedule(delayMs, run),
      soon: (run: () => void) => clock.schedule(0, run),
      countKernelDrops: () => undefined, // its sockets report at once
      random: (bytes: Uint8Array) => void bytes.fill(9),
      resolveName: (name: string) => {
        const found = this.names.get(name) ?? new Error(`getaddrinfo ENOTFOUND ${name}`);
        return found instanceof Error ? Promise.reject(found) : Promise.resolve(found);
      },
      queryName: () => Promise.resolve('not-found' as const),
      routeTo: (endpoint: Uint8Array) => this.host.routeTo(endpoint),
      localAddresses: () => this.addresses,
    };
    this.server = new RelayServer({
      machine,
      listen: { address: SERVER.v4, port: 7878 },
      staticKey: generateKeyPair(),
      primitives: nodePrimitives,
      socket: {},
      ...{ maxSessions: 10, maxFlows: 1000, maxFlowsPerClient: 10, maxPacketBytes: 1452, idleMs: 120_000 },
      descriptors: { isShort: false, ranOut: () => undefined },
      publish: { graceMs: 1000, maxSockets: 10, onEvent: () => undefined, onChange: () => undefined },
      onUpstreamMissing: (name, reason) => this.missing.push(`${name}: ${reason}`),
      onEvent: (event) => this.events.push(event),
      onFault: (error) => this.faults.push(error),
    });
  }

  static async open(engine: Engine = 'memory', addresses: readonly string[] = ['127.0.0.1', SERVER.v4, SERVER.v6]) {
    const stage = new RouteStage(engine, addresses);
    await stage.server.open();
    stage.server.lookAtAddresses();
    return stage;
  }

  apply(...routes: readonly string[]): Promise<RouteChanges> {
    return this.server.routes.apply(routesOf(...routes));
  }

  pass(ms: number): Promise<void> {
    return this.network.clock.pass(ms);
  }

  /** A service that sends everything back with its own endpoint in front. */
  async echo(...texts: readonly string[]): Promise<void> {
    for (const text of texts) {
      const local = endpoint(text);
      const socket = this.#hostOf(local.address).createSocket({ local });
      socket.onReceive = (batch) => {
        for (let i = 0; i < batch.count; i++) {
          const start = batch.offsets[i] ?? 0;
          const payload = Buffer.from(batch.bytes.subarray(start, start + (batch.lengths[i] ?? 0)));
          socket.send(
            Buffer.from(`${text} ${payload.toString()}`),
            unpackEndpoint(batch.sources, i * PACKED_ENDPOINT_BYTES),
          );
        }
      };
      await socket.open();
    }
  }

  /** A source of this port asks; the reply, with the endpoint that it came from, or undefined. */
  async ask(to: string, port = 4000): Promise<string | undefined> {
    const address = to.startsWith('[') ? '2001:db8::9' : '203.0.113.9';
    const name = `${address} ${port}`;
    let source = this.#sources.get(name);
    if (source === undefined) {
      source = this.#hostOf(address).createSocket({ local: { address, port } });
      source.onReceive = (batch) => {
        const from = formatEndpoint(unpackEndpoint(batch.sources, 0));
        const start = batch.offsets[0] ?? 0;
        const payload = Buffer.from(batch.bytes.subarray(start, start + (batch.lengths[0] ?? 0)));
        this.replies.push(`${from}: ${payload.toString()}`);
      };
      this.#sources.set(name, source);
      await source.open();
    }
    const before = this.replies.length;
    source.send(Buffer.from('x'), endpoint(to));
    await this.pass(20);
    return this.replies[before];
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
