/**
 * The ports that clients publish on one host of a network in memory, in virtual time: without
 * sessions, whose begin and end the test says.
 */
import {
  DROP,
  packEndpoint,
  PACKED_ENDPOINT_BYTES,
  STATUS,
  type DatagramBatch,
  type Endpoint,
  type PublishRequest,
} from '@relay/packet';
import {
  DatagramRun,
  FlowTable,
  IdleQueue,
  Listener,
  ModeTraffic,
  OwnEndpoints,
  type FlowMapping,
  type ListenerPort,
  type PortRange,
} from '@relay/relay';
import { generateKeyPair } from '@relay/session';
import type { Engine, SocketOptions, UdpSocket } from '@relay/socket';
import { MemoryNetwork, Random, type MemoryHost } from '@relay/socket/testing';
import { PortOpener } from '../../src/publish/port-opener.js';
import { PublicAddresses } from '../../src/publish/public-addresses.js';
import { formatPorts, type Assignment } from '../../src/publish/publication.js';
import { Publications } from '../../src/publish/publications.js';
import type { PublishEvent, PublishOutcome } from '../../src/publish/publish-event.js';

export const SERVER = '192.0.2.1';
const WALL_MS = 1_790_000_000_000;
/** Sessions have numbers of their own, over restarts too. */
let lastSession = 0;
const VISITOR: Endpoint = { address: '203.0.113.1', port: 4000 };

export interface PublishStageOptions {
  readonly graceMs?: number;
  /** What the sockets say that their engine is. */
  readonly engine?: Engine;
  readonly maxSockets?: number;
  /** How many sockets the host has. */
  readonly hostSockets?: number;
  /** This host's addresses, as the programs see them. */
  readonly addresses?: readonly string[];
  /** Of the numbers by which any port is chosen. */
  readonly seed?: number;
  /** Called before a socket is made; may throw what `createSocket` throws. */
  readonly beforeOpen?: (options: SocketOptions) => void;
  /** Called with each socket before it opens. */
  readonly prepare?: (socket: UdpSocket) => void;
}

/** A client, and its session if it has one. */
export class StageClient {
  readonly publicKey = generateKeyPair().publicKey;
  readonly name: string;
  session = 0;

  constructor(name: string) {
    this.name = name;
  }
}

/** What is asked for: `port` or `first-last`, at all addresses unless one is named. */
export function wanted(ports: string, more: Partial<PublishRequest> = {}, address = '::'): PublishRequest {
  const [first = '', last = first] = ports.split('-');
  return { endpoint: { address, port: Number(first) }, count: Number(last) - Number(first) + 1, ...more };
}

export class PublishStage {
  readonly network = new MemoryNetwork();
  readonly host: MemoryHost;
  readonly own: OwnEndpoints;
  readonly traffic = new ModeTraffic(1);
  readonly events: PublishEvent[] = [];
  readonly faults: unknown[] = [];
  /** Datagrams of visitors that came to a listener. */
  heard = 0;
  /** How often the assignments have changed. */
  changes = 0;
  /** How often there was no descriptor. */
  shortages = 0;
  /** Whether descriptors are short. */
  isShort = false;
  /** This host's addresses, as the programs see them. */
  addresses: readonly string[];
  areAddressesReadable = true;
  readonly publications: Publications;
  readonly #sockets: UdpSocket[] = [];
  readonly #sessions = new Set<number>();
  #visitors = 0;
  #cancel: (() => void) | undefined;

  constructor(options: PublishStageOptions = {}) {
    const { graceMs = 60_000, engine = 'memory', maxSockets = Infinity, hostSockets = Infinity } = options;
    this.addresses = options.addresses ?? ['127.0.0.1', SERVER];
    this.host = this.network.host(SERVER, { maxSockets: hostSockets });
    this.own = new OwnEndpoints([], () => [SERVER]);
    this.own.look();
    const addresses = new PublicAddresses({ localAddresses: () => this.#readAddresses(), engine: () => engine });
    const random = new Random(options.seed ?? 1);
    const onFault = (error: unknown): void => void this.faults.push(error);
    const run = new DatagramRun();
    const shard = {
      newListener: (session: number, mapping: FlowMapping) => {
        if (!this.#sessions.has(session)) return undefined;
        const table = new FlowTable(this.traffic, new IdleQueue());
        return new Listener(mapping, [], { table, run, admit: () => DROP.noSession });
      },
      removeListener: () => undefined,
      receiveFromVisitors: (listener: Listener, port: ListenerPort, batch: DatagramBatch) => {
        for (let i = 0; i < batch.count; i++) listener.receive(port, batch, i, this.nowMs);
        this.heard += batch.count;
      },
      unsent: () => undefined,
      flush: () => run.flush(),
    };
    // Virtual time stands still while ports open: no slice ever ends.
    const pace = { turn: () => Promise.resolve() };
    const opener = new PortOpener({
      shard,
      sockets: {
        shard,
        own: this.own,
        openSocket: (socketOptions) => {
          options.beforeOpen?.(socketOptions);
          const socket = this.host.createSocket(socketOptions);
          options.prepare?.(socket);
          this.#sockets.push(socket);
          return socket;
        },
        clock: () => this.nowMs,
        pace,
        settle: () => this.settle(),
      },
      descriptors: this,
      ...{ addresses, maxSockets, onFault },
    });
    this.publications = new Publications({
      machine: {
        clock: () => this.nowMs,
        wallClock: () => WALL_MS + this.nowMs,
        random: (bytes) => {
          for (let i = 0; i < bytes.length; i++) bytes[i] = random.next() * 256;
        },
      },
      ...{ opener, addresses, pace, graceMs, onFault, defaults: { idleMs: 120_000, maxFlows: 100 } },
      onEvent: (event) => this.events.push(event),
      onChange: () => this.changes++,
      settle: () => this.settle(),
    });
  }

  get nowMs(): number {
    return this.network.clock.nowMs;
  }

  /** The endpoints on which sockets are open, in order. */
  get open(): string[] {
    const open = this.#sockets.filter(({ state }) => state === 'open' || state === 'opening');
    return open.map(({ local }) => formatPorts({ endpoint: local, count: 1 })).sort();
  }

  /** How many sockets were made so far. */
  get made(): number {
    return this.#sockets.length;
  }

  /** What the last events say. */
  get told(): string[] {
    return this.events.map(({ kind }) => kind);
  }

  ranOut(): void {
    this.shortages++;
  }

  settle(): void {
    this.#cancel?.();
    const { nextDueMs } = this.publications;
    if (nextDueMs === Infinity) return;
    this.#cancel = this.network.clock.schedule(Math.max(0, nextDueMs - this.nowMs), () => {
      this.publications.due(this.nowMs);
      this.settle();
    });
  }

  async pass(ms: number): Promise<void> {
    this.settle();
    await this.network.clock.pass(ms);
  }

  /** Looks at the addresses of this host. Rejects if they cannot be read. */
  async look(): Promise<void> {
    this.publications.lookAtAddresses();
    await this.pass(1);
  }

  /** A client with these rights that has a session. */
  client(name: string, ...publish: readonly PortRange[]): StageClient {
    const client = new StageClient(name);
    this.allow(client, ...publish);
    this.begin(client);
    return client;
  }

  /** The client may publish these ports and no others; until then, where that is given. */
  allow(client: StageClient, ...publish: readonly PortRange[]): void {
    this.allowUntil(client, Infinity, ...publish);
  }

  /** As {@link allow}, until this time. */
  allowUntil({ name, publicKey }: StageClient, untilMs: number, ...publish: readonly PortRange[]): void {
    const expiresWallMs = WALL_MS + untilMs;
    const rights = { allowances: [], publish, limits: {}, expiresWallMs, newestTimestamp: 0n };
    this.publications.updateClients({ changed: [{ name, publicKey, ...rights }], gone: [] });
    this.settle();
  }

  revoke({ publicKey }: StageClient): void {
    this.publications.updateClients({ changed: [], gone: [publicKey] });
    this.settle();
  }

  /** The client has a new session, which ends the one before. */
  begin(client: StageClient): void {
    const former = client.session;
    client.session = ++lastSession;
    this.#sessions.add(client.session);
    this.publications.connected(client);
    if (former !== 0) this.#over(client, former);
    this.settle();
  }

  /** The client is away. */
  end(client: StageClient): void {
    const { session } = client;
    client.session = 0;
    this.#over(client, session);
    this.settle();
  }

  /** The session is over, and the registry has not heard of it yet. */
  cut({ session }: StageClient): void {
    this.#sessions.delete(session);
  }

  async publish(client: StageClient, request: PublishRequest): Promise<PublishOutcome | undefined> {
    const outcome = await this.publications.publish(client, request);
    this.settle();
    return outcome;
  }

  /** Publishes, and gives the ports that were opened. Throws if that was refused. */
  async ports(client: StageClient, request: PublishRequest): Promise<string> {
    const outcome = await this.publish(client, request);
    if (outcome?.status !== STATUS.done) throw new Error(`refused: ${outcome?.reason ?? 'no session'}`);
    return formatPorts(outcome.ports);
  }

  /** Another program has this endpoint from now on. */
  async occupy(endpoint: Endpoint): Promise<UdpSocket> {
    const socket = this.host.createSocket({ local: endpoint });
    await socket.open();
    return socket;
  }

  /** Whether a visitor of this public port is heard. */
  async isHeard(port: number, address = SERVER): Promise<boolean> {
    const before = this.heard;
    const host = this.network.host(`198.51.100.${++this.#visitors}`);
    const socket = host.createSocket({ local: { ...VISITOR, address: '0.0.0.0' } });
    await socket.open();
    socket.send(Buffer.from('x'), { address, port });
    await this.pass(1);
    await socket.close();
    return this.heard > before;
  }

  /** Whether the server counts the port as one of its own. */
  isOwn(port: number): boolean {
    const target = new Uint8Array(PACKED_ENDPOINT_BYTES);
    packEndpoint({ address: SERVER, port }, target, 0);
    return this.own.includes(target, 0);
  }

  /** What a former life of the server has written. */
  assignments(): Assignment[] {
    return [...this.publications.assignments()];
  }

  #readAddresses(): readonly string[] {
    if (!this.areAddressesReadable) throw new Error('no descriptor left');
    return this.addresses;
  }

  #over({ publicKey }: StageClient, session: number): void {
    this.#sessions.delete(session);
    this.publications.disconnected({ publicKey, session });
  }
}
