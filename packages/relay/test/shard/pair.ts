/**
 * A client's shard and a server's, on hosts of a network in memory, with applications and a target:
 * a whole relay without its programs, in virtual time.
 */
import {
  DROP,
  formatEndpoint,
  isUnspecifiedAddress,
  packEndpoint,
  PACKED_ENDPOINT_BYTES,
  unpackEndpoint,
  type DatagramBatch,
  type Endpoint,
} from '@relay/packet';
import { generateKeyPair, nodePrimitives, type DisconnectReason } from '@relay/session';
import type { UdpSocket } from '@relay/socket';
import { MemoryNetwork, type LinkConditions, type MemoryHost } from '@relay/socket/testing';
import {
  ClientShard,
  ListenerPort,
  PublicPort,
  Service,
  Shard,
  type ClientEvent,
  type FlowMapping,
  type KnownClient,
  type Listener,
  type ShardEvent,
  type ShardOptions,
  type VisitorRules,
} from '../../src/index.js';
import { Driver } from './driver.js';

export const SERVER: Endpoint = { address: '192.0.2.1', port: 7878 };
export const TARGET: Endpoint = { address: '9.9.9.9', port: 7 };
const CLIENT = '198.51.100.7';
const LISTEN: Endpoint = { address: '127.0.0.1', port: 5007 };
const WALL_MS = 1_790_000_000_000;
const DELAY_MS = 5;

export function packed(endpoint: Endpoint): Uint8Array {
  const bytes = new Uint8Array(PACKED_ENDPOINT_BYTES);
  packEndpoint(endpoint, bytes, 0);
  return bytes;
}

/** What arrived at the target: from which endpoint of the server, and what. */
export interface Arrival {
  readonly from: Endpoint;
  readonly text: string;
}

export class Pair {
  readonly network: MemoryNetwork;
  readonly serverHost: MemoryHost;
  readonly clientHost: MemoryHost;
  readonly client: ClientShard;
  readonly clientEvents: ClientEvent[] = [];
  readonly serverEvents: ShardEvent[] = [];
  readonly listener: Listener;
  /** What came to the target, which sends everything back unless it `isSilent`. */
  readonly arrivals: Arrival[] = [];
  isSilent = false;
  /** What came to services: from which socket of the client, and what. */
  readonly visits: Arrival[] = [];
  /** What came back to applications: the source and the text. */
  readonly replies: string[] = [];
  /** The public ports, as they are given datagrams with spoofed sources. */
  readonly publicPorts: { readonly receive: (source: string, text: string) => void }[] = [];
  server: Shard;
  target: UdpSocket;
  /** How often there was no descriptor for a flow. */
  shortages = 0;
  /** What the server carries is refused where this is false. */
  mayReach = true;
  readonly #serverKey = generateKeyPair();
  readonly #clientKey = generateKeyPair();
  readonly #options: Partial<ShardOptions>;
  readonly #clientSocket: UdpSocket;
  readonly #clientDriver: Driver;
  readonly #prepare: (socket: UdpSocket) => void;
  readonly #targetHost: MemoryHost;
  readonly #targetSockets: UdpSocket[] = [];
  readonly #serviceSockets: UdpSocket[] = [];
  readonly #visitors = new Map<string, UdpSocket>();
  readonly #visitorHosts = new Map<string, MemoryHost>();
  readonly #applications = new Map<number, UdpSocket>();
  #serverSocket: UdpSocket;
  #serverDriver: Driver;
  #newestTimestamp = 0n;

  private constructor(
    options: Partial<ShardOptions>,
    conditions: Partial<LinkConditions>,
    prepare: (socket: UdpSocket) => void,
  ) {
    this.#prepare = prepare;
    this.#options = options;
    this.network = new MemoryNetwork({ delayMs: DELAY_MS });
    for (const [from, to] of [
      [CLIENT, SERVER.address],
      [SERVER.address, CLIENT],
    ] as const)
      this.network.setConditions(conditions, { from, to });
    this.serverHost = this.network.host(SERVER.address);
    this.clientHost = this.network.host(CLIENT);
    this.#targetHost = this.network.host(TARGET.address);
    this.target = this.#targetHost.createSocket({ local: TARGET });
    this.#clientSocket = this.clientHost.createSocket({ local: { address: '0.0.0.0', port: 0 } });
    this.client = new ClientShard({
      channel: {
        staticKey: this.#clientKey,
        serverPublicKey: this.#serverKey.publicKey,
        server: SERVER,
        primitives: nodePrimitives,
      },
      socket: this.#clientSocket,
      openSocket: (socket) => {
        const opened = this.clientHost.createSocket(socket);
        this.#prepare(opened);
        this.#serviceSockets.push(opened);
        return opened;
      },
      serviceSocket: {},
      clock: () => this.nowMs,
      settleSoon: () => this.network.clock.schedule(0, () => this.settle()),
      ranOut: () => this.shortages++,
    });
    this.#clientDriver = new Driver(this.network, this.client);
    const port = new ListenerPort(this.#listen());
    port.target = packed(TARGET);
    this.listener = this.client.newListener({ idleMs: 60_000, maxFlows: 100 }, [port]);
    [this.#serverSocket, this.server] = this.#newServer();
    this.#serverDriver = new Driver(this.network, this.server);
  }

  /** Both run, and a session stands. Sockets to targets are given to `prepare` before they open. */
  static async open(
    options: Partial<ShardOptions> = {},
    conditions: Partial<LinkConditions> = {},
    prepare = (_socket: UdpSocket): void => undefined,
  ): Promise<Pair> {
    const pair = new Pair(options, conditions, prepare);
    pair.#clientSocket.onReceive = (batch) => {
      pair.client.receive(batch, pair.nowMs);
      useAgain(batch);
      pair.settle();
    };
    pair.#clientSocket.onError = (error, _destination, tag) =>
      pair.client.accounts.unsent(tag, error.datagrams, DROP.sendFailed);
    await pair.#clientSocket.open();
    await pair.#openTarget();
    await pair.#serverSocket.open();
    pair.client.channel.connect(pair.nowMs, WALL_MS);
    pair.settle();
    await pair.pass(1000);
    return pair;
  }

  get nowMs(): number {
    return this.network.clock.nowMs;
  }

  /** Lets time pass. */
  pass(ms: number): Promise<void> {
    return this.network.clock.pass(ms);
  }

  settle(): void {
    this.#clientDriver.settle();
    this.#serverDriver.settle();
    this.clientEvents.push(...this.client.takeEvents());
    for (const event of this.server.takeEvents()) {
      this.serverEvents.push(event);
      if (event.kind === 'newest-timestamp') this.#newestTimestamp = event.timestamp;
    }
  }

  /** An application, named by its port, sends this to the local port. */
  async send(text: string, sourcePort = 1000): Promise<void> {
    let application = this.#applications.get(sourcePort);
    if (application === undefined) {
      application = this.clientHost.createSocket({ local: { address: '127.0.0.1', port: sourcePort } });
      application.onReceive = ({ count, bytes, offsets, lengths }) => {
        for (let i = 0; i < count; i++) this.replies.push(`${sourcePort} ${textAt(bytes, offsets[i], lengths[i])}`);
      };
      this.#applications.set(sourcePort, application);
      await application.open();
    }
    application.send(Buffer.from(text), LISTEN);
  }

  /** The server ends as if it were killed, and another begins in its place. */
  async restartServer(): Promise<void> {
    this.#serverDriver.stop();
    await this.#serverSocket.close();
    [this.#serverSocket, this.server] = this.#newServer();
    this.#serverDriver = new Driver(this.network, this.server);
    await this.#serverSocket.open();
  }

  /** The client ends its session and begins another, as after a restart of its own. */
  reconnectClient(): void {
    this.client.channel.close(this.nowMs);
    this.client.channel.connect(this.nowMs, WALL_MS + this.nowMs);
    this.settle();
  }

  /** The server publishes this port for the client; a restarted server publishes nothing. */
  async publish(mapping: FlowMapping, local: Endpoint, rules?: VisitorRules): Promise<Listener> {
    const [session] = this.server.sessions(this.nowMs);
    const listener = session && this.server.newListener(session.id, mapping, [], rules);
    if (listener === undefined) throw new Error('there is no session');
    await this.addPort(listener, local);
    return listener;
  }

  /** The listener has one socket more. */
  async addPort(listener: Listener, local: Endpoint): Promise<PublicPort> {
    const socket = this.serverHost.createSocket({ local, receiveLocals: isUnspecifiedAddress(local.address) });
    await socket.open();
    const port = new PublicPort(socket, socket.local);
    listener.addPort(port);
    socket.onReceive = (batch) => {
      this.server.receiveFromVisitors(listener, port, batch, this.nowMs);
      this.settle();
    };
    socket.onError = (error, _destination, tag) => this.server.unsent(tag, error.datagrams);
    this.publicPorts.push({
      receive: (source, text) => {
        const batch = batchFrom({ address: source, port: 4000 }, text);
        this.server.receiveFromVisitors(listener, port, batch, this.nowMs);
      },
    });
    return port;
  }

  /** A service beside the client, which sends everything back with its own name in front. */
  async openService(port: number): Promise<Service> {
    const socket = this.clientHost.createSocket({ local: { address: '127.0.0.1', port } });
    socket.onReceive = ({ count, bytes, offsets, lengths, sources }) => {
      for (let i = 0; i < count; i++) {
        const from = unpackEndpoint(sources, i * PACKED_ENDPOINT_BYTES);
        const text = textAt(bytes, offsets[i], lengths[i]);
        this.visits.push({ from, text });
        socket.send(Buffer.from(`${port} ${text}`), from);
      }
    };
    await socket.open();
    return new Service({ idleMs: 60_000, maxFlows: 100 }, [packed(socket.local)]);
  }

  /** A visitor sends this to a public port of the server. */
  async visit(text: string, from: Endpoint, to: Endpoint): Promise<void> {
    const name = formatEndpoint(from);
    let visitor = this.#visitors.get(name);
    if (visitor === undefined) {
      const host = this.#visitorHosts.get(from.address) ?? this.network.host(from.address);
      this.#visitorHosts.set(from.address, host);
      visitor = host.createSocket({ local: from });
      visitor.onReceive = ({ count, bytes, offsets, lengths, sources }) => {
        for (let i = 0; i < count; i++) {
          const asked = formatEndpoint(unpackEndpoint(sources, i * PACKED_ENDPOINT_BYTES));
          this.replies.push(`${name} from ${asked}: ${textAt(bytes, offsets[i], lengths[i])}`);
        }
      };
      this.#visitors.set(name, visitor);
      await visitor.open();
    }
    visitor.send(Buffer.from(text), to);
  }

  /** How many sockets to services the client has. */
  get openServiceSockets(): number {
    return this.#serviceSockets.filter(({ state }) => state !== 'closed').length;
  }

  /** The socket of the newest flow to a target. */
  get targetSocket(): UdpSocket | undefined {
    return this.#targetSockets.at(-1);
  }

  /** The target, which was closed, is there again. */
  async openTarget(): Promise<void> {
    this.target = this.#targetHost.createSocket({ local: TARGET });
    await this.#openTarget();
  }

  async #openTarget(): Promise<void> {
    this.target.onReceive = (batch) => this.#arrived(batch);
    await this.target.open();
  }

  /** Loses all that the server sends to the client, or nothing any more. */
  cutToClient(isCut: boolean): void {
    this.network.setConditions({ lossRate: isCut ? 1 : 0 }, { from: SERVER.address, to: CLIENT });
  }

  /** The client, as invited: it may reach public addresses, and its invitation never expires. */
  get knownClient(): KnownClient {
    const { publicKey } = this.#clientKey;
    const newestTimestamp = this.#newestTimestamp;
    const rights = { allowances: [], publish: [], limits: {}, expiresWallMs: Infinity };
    return { name: 'ada', publicKey, ...rights, newestTimestamp };
  }

  /** The client, with an invitation that expires after this time. */
  expiringIn(ms: number): KnownClient {
    return { ...this.knownClient, expiresWallMs: WALL_MS + this.nowMs + ms };
  }

  /** How many sockets to targets the server has. */
  get openTargetSockets(): number {
    return this.#targetSockets.filter(({ state }) => state !== 'closed').length;
  }

  /** The reasons for which sessions of the client have ended at the server. */
  get ends(): DisconnectReason[] {
    return this.serverEvents.flatMap((event) => (event.kind === 'disconnected' ? [event.reason] : []));
  }

  #arrived({ count, bytes, offsets, lengths, sources }: DatagramBatch): void {
    for (let i = 0; i < count; i++) {
      const from = unpackEndpoint(sources, i * PACKED_ENDPOINT_BYTES);
      const text = textAt(bytes, offsets[i], lengths[i]);
      this.arrivals.push({ from, text });
      if (!this.isSilent) this.target.send(Buffer.from(text), from);
    }
  }

  #listen(): UdpSocket {
    const socket = this.clientHost.createSocket({ local: LISTEN });
    socket.onReceive = (batch) => {
      const [port] = this.listener.ports;
      if (port !== undefined) this.client.receiveFromSources(this.listener, port, batch, this.nowMs);
      this.settle();
    };
    socket.onError = (error, _destination, tag) => this.client.accounts.unsent(tag, error.datagrams, DROP.sendFailed);
    void socket.open();
    return socket;
  }

  #newServer(): [UdpSocket, Shard] {
    const { idleMs: flowIdleMs = 60_000 } = this.#options;
    const socket = this.serverHost.createSocket({ local: SERVER });
    const shard: Shard = new Shard({
      channel: { staticKey: this.#serverKey, primitives: nodePrimitives, parameters: { flowIdleMs } },
      socket,
      openSocket: (options) => {
        const socket = this.serverHost.createSocket(options);
        this.#prepare(socket);
        this.#targetSockets.push(socket);
        return socket;
      },
      targetSocket: {},
      clock: () => this.nowMs,
      wallClock: () => WALL_MS + this.nowMs,
      soon: (run) => {
        this.network.clock.schedule(0, () => {
          run();
          this.settle();
        });
      },
      settleSoon: () => this.network.clock.schedule(0, () => this.settle()),
      isOwn: () => !this.mayReach,
      routeTo: (endpoint) => this.serverHost.routeTo(endpoint),
      descriptors: { isShort: false, ranOut: () => this.shortages++ },
      maxFlows: 1000,
      maxFlowsPerClient: 100,
      idleMs: flowIdleMs,
      ...this.#options,
    });
    shard.updateClients({ changed: [this.knownClient], gone: [] }, this.nowMs);
    socket.onReceive = (batch) => {
      shard.receive(batch, this.nowMs);
      useAgain(batch);
      this.settle();
    };
    socket.onError = (error, _destination, tag) => shard.unsent(tag, error.datagrams);
    return [socket, shard];
  }
}

/** Overwrites a batch that was received, as a socket does that uses its buffer again. */
function useAgain({ bytes, count, offsets, lengths }: DatagramBatch): void {
  for (let i = 0; i < count; i++) bytes.fill(0xee, offsets[i] ?? 0, (offsets[i] ?? 0) + (lengths[i] ?? 0));
}

const textAt = (bytes: Uint8Array, offset = 0, length = 0): string =>
  Buffer.from(bytes.subarray(offset, offset + length)).toString();

/** A batch of one datagram from this source. */
function batchFrom(source: Endpoint, text: string): DatagramBatch {
  const bytes = Buffer.from(text);
  return {
    ...{ count: 1, bytes, offsets: Uint32Array.of(0), lengths: Uint32Array.of(bytes.length) },
    ...{ sources: packed(source), locals: new Uint8Array(PACKED_ENDPOINT_BYTES) },
  };
}
