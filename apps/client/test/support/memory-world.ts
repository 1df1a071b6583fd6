/**
 * A client on a host in memory, in virtual time, with a server that publishes: a shard of a real
 * server, and requests that are carried out or answered as the test says.
 */
import {
  decodePublish,
  decodePublishedPorts,
  encodePublishedPorts,
  FEATURE,
  PACKED_ENDPOINT_BYTES,
  REQUEST,
  STATUS,
  unpackEndpoint,
  type DatagramBatch,
  type Endpoint,
  type PublishedPorts,
  type ReceivedPublishRequest,
} from '@relay/packet';
import { Loop, type Machine } from '@relay/program';
import { PublicPort, Shard, type ClientEvent, type ClientRequest, type Listener } from '@relay/relay';
import { generateKeyPair, keyPairOf, nodePrimitives } from '@relay/session';
import type { SocketOptions, UdpSocket } from '@relay/socket';
import { MemoryNetwork, type MemoryHost } from '@relay/socket/testing';
import { RelayClient } from '../../src/client.js';
import { ServerSearch } from '../../src/server-search.js';
import type { Publish } from '../../src/mapping/publish.js';
import type { WantedMappings } from '../../src/mapping/wanted-mappings.js';

export const SERVER: Endpoint = { address: '192.0.2.1', port: 7878 };
export const VISITOR: Endpoint = { address: '203.0.113.9', port: 4000 };
const CLIENT = '198.51.100.7';
const WALL_MS = 1_790_000_000_000;
const DELAY_MS = 5;
const FIRST_FREE_PORT = 40_000;

/** A request that came to the server. */
export interface Asked {
  readonly atMs: number;
  readonly kind: 'publish' | 'unpublish';
  readonly wanted: ReceivedPublishRequest | PublishedPorts;
}

interface Opened {
  readonly wanted: ReceivedPublishRequest;
  readonly ports: PublishedPorts;
  readonly listener: Listener;
  readonly sockets: readonly UdpSocket[];
}

type Answer = Readonly<{ status: number; body?: Uint8Array }>;

export class MemoryWorld {
  readonly network = new MemoryNetwork({ delayMs: DELAY_MS });
  readonly client: RelayClient;
  /** The addresses of names beside the client; a name that is not here cannot be resolved. */
  readonly names = new Map<string, string[]>();
  readonly lookUps: string[] = [];
  readonly asked: Asked[] = [];
  /** The publishes that the client had news of, as they were then. */
  readonly told: string[] = [];
  readonly looked: string[] = [];
  readonly faults: unknown[] = [];
  readonly events: ClientEvent[] = [];
  /** What came to services beside the client: `port text`. */
  readonly arrived: string[] = [];
  /** What came back to visitors: `public endpoint text`. */
  readonly replies: string[] = [];
  /** The answer to a publish request, in place of carrying it out. */
  answerTo: (wanted: ReceivedPublishRequest) => Answer | undefined = () => undefined;
  /** How long the server takes to answer what it has carried out, in ms. */
  answerDelayMs = 0;
  features: number = FEATURE.publishEntries;
  readonly #serverHost: MemoryHost;
  readonly #clientHost: MemoryHost;
  readonly #serverKey = generateKeyPair();
  readonly #clientKey = generateKeyPair();
  readonly #machine: Machine;
  readonly #opened: Opened[] = [];
  /** The ports that were given for port 0, by token: a server keeps them on disk. */
  readonly #assigned = new Map<number, number>();
  readonly #visitors = new Map<string, UdpSocket>();
  #server: Shard;
  #serverSocket: UdpSocket;
  #serverLoop: Loop;
  #newestTimestamp = 0n;

  constructor() {
    this.#serverHost = this.network.host(SERVER.address);
    this.#clientHost = this.network.host(CLIENT);
    this.#machine = this.#machineOn(this.#clientHost);
    [this.#serverSocket, this.#server, this.#serverLoop] = this.#newServer();
    this.client = new RelayClient({
      machine: this.#machine,
      invitation: {
        clientPrivateKey: this.#clientKey.privateKey,
        serverPublicKey: this.#serverKey.publicKey,
        ...{ host: SERVER.address, port: SERVER.port, name: 'ada' },
      },
      primitives: nodePrimitives,
      socket: {},
      maxPacketBytes: 1400,
      descriptors: { ranOut: () => undefined },
      onEvent: (event) => this.events.push(event),
      onResolved: () => undefined,
      onPublished: ({ state, description }) => this.told.push(`${state.kind} ${description}`),
      onLooked: (host, address) => this.looked.push(`${host} ${address ?? 'not found'}`),
      onSocketError: () => undefined,
      onFault: (error) => this.faults.push(error),
    });
  }

  /** Both run, these mappings are wanted, and a session stands. */
  static async open(publish: WantedMappings['publish']): Promise<MemoryWorld> {
    const world = new MemoryWorld();
    await world.start(publish);
    return world;
  }

  async start(publish: WantedMappings['publish']): Promise<void> {
    await this.#serverSocket.open();
    await this.client.open({ forward: [], publish });
    this.client.setServer(SERVER);
    await this.pass(100);
  }

  get nowMs(): number {
    return this.network.clock.nowMs;
  }

  get publishes(): readonly Publish[] {
    return this.client.publishes;
  }

  /** The requests since the last call, as `kind first-port+count`. */
  takeAsked(): string[] {
    return this.asked.splice(0).map(({ kind, wanted }) => `${kind} ${wanted.endpoint.port}+${wanted.count}`);
  }

  /** The public ports that the server has open now. */
  get openPorts(): number[] {
    return this.#opened.map(({ ports }) => ports.endpoint.port);
  }

  pass(ms: number): Promise<void> {
    return this.network.clock.pass(ms);
  }

  apply(publish: WantedMappings['publish']): Promise<unknown> {
    return this.client.apply({ forward: [], publish });
  }

  /** A search for the server by a name, which tells `warn` what users are to know. */
  newSearch(host: string, warn: (message: string) => void): ServerSearch {
    const invitation = {
      clientPrivateKey: this.#clientKey.privateKey,
      serverPublicKey: this.#serverKey.publicKey,
      ...{ host, port: SERVER.port, name: 'ada' },
    };
    const log = { warn, error: (message: string) => void this.faults.push(message) };
    return new ServerSearch(invitation, this.client, log, this.#machine);
  }

  /** A service beside the client, which sends everything back with its port in front. */
  async openService(port: number, address = '127.0.0.1'): Promise<void> {
    const socket = this.#clientHost.createSocket({ local: { address, port } });
    socket.onReceive = (batch) => {
      for (const { text, from } of datagramsOf(batch)) {
        this.arrived.push(`${port} ${text}`);
        socket.send(Buffer.from(`${port} ${text}`), from);
      }
    };
    await socket.open();
  }

  /** A visitor sends this to a public port of the server. */
  async visit(text: string, port: number): Promise<void> {
    let visitor = this.#visitors.get(VISITOR.address);
    if (visitor === undefined) {
      visitor = this.network.host(VISITOR.address).createSocket({ local: VISITOR });
      visitor.onReceive = (batch) => {
        for (const { text: reply, from } of datagramsOf(batch)) this.replies.push(`${from.port} ${reply}`);
      };
      this.#visitors.set(VISITOR.address, visitor);
      await visitor.open();
    }
    visitor.send(Buffer.from(text), { address: SERVER.address, port });
    await this.pass(100);
  }

  /** The server ends the session as its operator would, and the client comes back. */
  closeSession(): void {
    for (const { id } of this.#server.sessions(this.nowMs)) this.#server.closeSession(id, 'idle', this.nowMs);
    this.#serverLoop.settle();
  }

  /** The server is killed, and another one begins in its place, after a while. */
  async restartServer(afterMs = 0): Promise<void> {
    this.#serverLoop.close();
    await this.#serverSocket.close();
    for (const { sockets } of this.#opened.splice(0)) for (const socket of sockets) await socket.close();
    await this.pass(afterMs);
    [this.#serverSocket, this.#server, this.#serverLoop] = this.#newServer();
    await this.#serverSocket.open();
  }

  /** The client ends. Returns what must never be: faults, and datagrams that nobody counted. */
  async end(): Promise<{ faults: unknown[]; unaccounted: number }> {
    await this.client.close();
    const { toTarget, fromTarget } = this.client.shard.accounts.publish;
    const missing = [toTarget, fromTarget].map(
      ({ inDatagrams, outDatagrams, drops }) => inDatagrams - outDatagrams - drops.total,
    );
    return { faults: this.faults, unaccounted: missing.reduce((sum, count) => sum + Math.abs(count), 0) };
  }

  #machineOn(host: MemoryHost): Machine {
    const { clock } = this.network;
    return {
      openSocket: (options: SocketOptions) => host.createSocket(options),
      clock: () => clock.nowMs,
      wallClock: () => WALL_MS + clock.nowMs,
      schedule: (delayMs, run) => clock.schedule(delayMs, run),
      soon: (run) => clock.schedule(0, run),
      countKernelDrops: () => undefined, // its sockets report at once
      random: (bytes) => {
        bytes.fill(128); // neither longer nor shorter by chance, but for half a percent
      },
      resolveName: (name) => {
        this.lookUps.push(name);
        const addresses = this.names.get(name);
        return addresses === undefined ? Promise.reject(new Error('no such name')) : Promise.resolve(addresses);
      },
      queryName: (name) => {
        this.lookUps.push(name);
        const addresses = this.names.get(name);
        return Promise.resolve(addresses === undefined ? 'not-found' : { addresses, ttlMs: 60_000 });
      },
      routeTo: (endpoint) => host.routeTo(endpoint),
      localAddresses: () => host.addresses,
    };
  }

  #newServer(): [UdpSocket, Shard, Loop] {
    const machine = this.#machineOn(this.#serverHost);
    const socket = this.#serverHost.createSocket({ local: SERVER });
    const shard = new Shard({
      channel: {
        staticKey: this.#serverKey,
        primitives: nodePrimitives,
        parameters: { features: this.features },
      },
      socket,
      openSocket: machine.openSocket,
      targetSocket: {},
      ...{ clock: machine.clock, wallClock: machine.wallClock },
      settleSoon: () => loop.settleSoon(),
      soon: (run) => {
        machine.soon(() => {
          run();
          loop.settle();
        });
      },
      isOwn: () => false,
      routeTo: () => 'elsewhere',
      descriptors: { isShort: false, ranOut: () => undefined },
      ...{ maxFlows: 1000, maxFlowsPerClient: 1000, idleMs: 60_000 },
    });
    const { publicKey } = keyPairOf(this.#clientKey.privateKey);
    const rights = {
      allowances: [],
      publish: [],
      limits: {},
      expiresWallMs: Infinity,
      newestTimestamp: this.#newestTimestamp,
    };
    shard.updateClients({ changed: [{ name: 'ada', publicKey, ...rights }], gone: [] }, this.nowMs);
    socket.onReceive = (batch) => {
      shard.receive(batch, this.nowMs);
      loop.settle();
    };
    const flush = (): void => {
      for (const event of shard.takeEvents()) {
        if (event.kind === 'request') void this.#take(event).catch((error: unknown) => this.faults.push(error));
        if (event.kind === 'newest-timestamp') this.#newestTimestamp = event.timestamp;
      }
      shard.flush();
    };
    const work = { nextDueMs: () => shard.nextWakeMs, due: (nowMs: number) => shard.wake(nowMs), flush };
    const loop = new Loop({ ...work, failed: (error) => this.faults.push(error) }, machine);
    return [socket, shard, loop];
  }

  async #take(request: ClientRequest): Promise<void> {
    const { status, body = new Uint8Array(0) } =
      request.request === REQUEST.publish ? await this.#publish(request) : await this.#unpublish(request);
    if (this.answerDelayMs > 0)
      await new Promise<void>((resolve) => this.network.clock.schedule(this.answerDelayMs, resolve));
    this.#server.answer(request, status, body, this.nowMs);
    this.#serverLoop.settle();
  }

  async #publish({ session, body }: ClientRequest): Promise<Answer> {
    const wanted = decodePublish(body);
    if (typeof wanted === 'string') return { status: STATUS.malformed };
    this.asked.push({ atMs: this.nowMs, kind: 'publish', wanted });
    const answer = this.answerTo(wanted);
    if (answer !== undefined) return answer;
    const known = this.#opened.findIndex(({ wanted: { token }, ports }) =>
      wanted.endpoint.port === 0 ? token === wanted.token : ports.endpoint.port === wanted.endpoint.port,
    );
    if (known !== -1) return { status: STATUS.done, body: this.#replace(known, wanted) };
    const ports = this.#portsFor(wanted);
    const opened = await this.#open(session, wanted, ports);
    if (opened === undefined) return { status: STATUS.failed };
    this.#opened.push(opened);
    return { status: STATUS.done, body: encodePublishedPorts(ports) };
  }

  #replace(at: number, wanted: ReceivedPublishRequest): Uint8Array {
    const before = this.#opened[at];
    if (before === undefined) throw new Error('nothing is open');
    this.#opened[at] = { ...before, wanted };
    return encodePublishedPorts(before.ports);
  }

  #portsFor({ endpoint, count, token }: ReceivedPublishRequest): PublishedPorts {
    const free = this.#assigned.get(token ?? -1) ?? FIRST_FREE_PORT + this.#assigned.size;
    if (endpoint.port === 0 && token !== undefined) this.#assigned.set(token, free);
    return { endpoint: { ...endpoint, port: endpoint.port === 0 ? free : endpoint.port }, count };
  }

  async #open(session: number, wanted: ReceivedPublishRequest, ports: PublishedPorts): Promise<Opened | undefined> {
    const sockets = Array.from({ length: ports.count }, (_, i) =>
      this.#serverHost.createSocket({ local: { address: SERVER.address, port: ports.endpoint.port + i } }),
    );
    await Promise.all(sockets.map((socket) => socket.open()));
    const publicPorts = sockets.map((socket) => new PublicPort(socket, socket.local));
    const { idleMs = 60_000, maxFlows = 100 } = wanted;
    const settings = { idleMs: idleMs === 0 ? Infinity : idleMs, maxFlows };
    const listener = this.#server.newListener(session, settings, publicPorts);
    if (listener === undefined) return undefined;
    for (const [i, socket] of sockets.entries()) {
      socket.onReceive = (batch) => {
        const port = publicPorts[i];
        if (port !== undefined) this.#server.receiveFromVisitors(listener, port, batch, this.nowMs);
        this.#serverLoop.settle();
      };
    }
    return { wanted, ports, listener, sockets };
  }

  async #unpublish({ body }: ClientRequest): Promise<Answer> {
    const wanted = decodePublishedPorts(body);
    if (typeof wanted === 'string') return { status: STATUS.malformed };
    this.asked.push({ atMs: this.nowMs, kind: 'unpublish', wanted });
    const at = this.#opened.findIndex(({ ports }) => ports.endpoint.port === wanted.endpoint.port);
    const [opened] = at === -1 ? [] : this.#opened.splice(at, 1);
    if (opened === undefined) return { status: STATUS.notFound };
    this.#server.removeListener(opened.listener, this.nowMs);
    for (const socket of opened.sockets) await socket.close();
    return { status: STATUS.done };
  }
}

function datagramsOf({ count, bytes, offsets, lengths, sources }: DatagramBatch): { text: string; from: Endpoint }[] {
  return Array.from({ length: count }, (_, i) => {
    const offset = offsets[i] ?? 0;
    const text = Buffer.from(bytes.subarray(offset, offset + (lengths[i] ?? 0))).toString();
    return { text, from: unpackEndpoint(sources, i * PACKED_ENDPOINT_BYTES) };
  });
}
