/**
 * The server's loop: the only place of the server that owns sockets and timers, on the machine that
 * is given to it. Packets that arrive go to the shard a batch at a time, and the packets of the
 * shard leave at the end of the turn.
 */
import { DROP, FEATURE, isUnspecifiedAddress, type Endpoint } from '@relay/packet';
import { flowSocket, Loop, Pace, type DescriptorReserve, type LoopWork, type Machine } from '@relay/program';
import {
  OwnEndpoints,
  Shard,
  type ClientRequest,
  type ClientsChange,
  type FlowStatus,
  type ProvenAddress,
  type SessionStatus,
  type ShardEvent,
  type ShardFigures,
} from '@relay/relay';
import type { DisconnectReason, KeyPair, Load, Primitives } from '@relay/session';
import type { SocketOptions, UdpSocket } from '@relay/socket';
import { PortOpener } from './publish/port-opener.js';
import { PublicAddresses } from './publish/public-addresses.js';
import type { Assignment } from './publish/publication.js';
import { Publications } from './publish/publications.js';
import type { PublishEvent } from './publish/publish-event.js';
import type { MappingStatus } from './publish/mapping-status.js';
import { ClientNames } from './requests/client-names.js';
import { answerRequest } from './requests/answer-request.js';
import { routeMappingStatus, type RouteMappingStatus } from './routes/route-mapping-status.js';
import { RouteSet } from './routes/route-set.js';

export interface RelayServerOptions {
  readonly machine: Machine;
  readonly listen: Endpoint;
  readonly staticKey: KeyPair;
  readonly primitives: Primitives;
  readonly socket: Pick<SocketOptions, 'engine' | 'receiveBufferBytes' | 'sendBufferBytes' | 'sendQueueBytes'>;
  readonly maxSessions: number;
  readonly maxFlows: number;
  /** The size of each buffer of a socket to a target; undefined: the system's. */
  readonly flowBufferBytes?: number | undefined;
  /** How many sockets to targets there may be; undefined: any number. */
  readonly maxSockets?: number | undefined;
  readonly maxFlowsPerClient: number;
  readonly maxPacketBytes: number;
  /** Idle time of a flow. */
  readonly idleMs: number;
  readonly descriptors: Pick<DescriptorReserve, 'isShort' | 'ranOut'>;
  readonly publish: PublishOptions;
  /** Called when the addresses of an upstream's name cannot be found, once until they can. */
  readonly onUpstreamMissing: (name: string, reason: string) => void;
  /** Takes the events of the shard, except requests, which are answered here. */
  readonly onEvent: (event: Exclude<ShardEvent, { kind: 'request' }>) => void;
  /** Takes the error of work that nobody waits for; the server goes on. */
  readonly onFault: (error: unknown) => void;
}

/** What holds for the ports that clients publish. */
export interface PublishOptions {
  /** How long ports are kept for a client that is away or does not ask for them, ms. */
  readonly graceMs: number;
  /** How many sockets the public ports of all clients may have together. */
  readonly maxSockets: number;
  readonly onEvent: (event: PublishEvent) => void;
  /** {@link RelayServer.assignments} have changed. */
  readonly onChange: () => void;
}

export class RelayServer {
  readonly routes: RouteSet;
  readonly #options: RelayServerOptions;
  readonly #machine: Machine;
  readonly #listener: UdpSocket;
  readonly #shard: Shard;
  readonly #publications: Publications;
  readonly #names: ClientNames;
  readonly #loop: Loop;
  readonly #own: OwnEndpoints;

  constructor(options: RelayServerOptions) {
    this.#options = options;
    const { listen, machine } = options;
    this.#machine = machine;
    this.#listener = machine.openSocket({
      ...options.socket,
      local: listen,
      receiveLocals: isUnspecifiedAddress(listen.address),
    });
    this.#own = new OwnEndpoints([], machine.localAddresses);
    this.#shard = this.#newShard();
    this.#publications = this.#newPublications();
    this.#names = new ClientNames(machine);
    this.routes = this.#newRoutes();
    const work: LoopWork = {
      nextDueMs: () => Math.min(this.#shard.nextWakeMs, this.#publications.nextDueMs, this.routes.nextDueMs),
      due: (nowMs) => this.#wake(nowMs),
      flush: () => this.#endTurn(),
      failed: options.onFault,
    };
    this.#loop = new Loop(work, machine);
  }

  /** Where it listens: the real port once it is open. */
  get local(): Endpoint {
    return this.#listener.local;
  }

  get socket(): UdpSocket {
    return this.#listener;
  }

  /** The most flows that there can be. */
  get maxFlows(): number {
    const { maxFlows, maxSockets = Infinity } = this.#options;
    const isEachWithSocket = this.#listener.engine === 'dgram';
    return isEachWithSocket ? Math.min(maxFlows, maxSockets) : maxFlows;
  }

  /** The most sockets that flows can have, their own and shared ones; undefined: any number. */
  get maxSockets(): number | undefined {
    return this.#options.maxSockets;
  }

  /** The figures of the shard, with what the kernel has dropped up to now. */
  figures(): ShardFigures {
    this.#machine.countKernelDrops();
    return this.#shard.figures();
  }

  /** All clients that are connected. */
  sessions(): SessionStatus[] {
    return this.#shard.sessions(this.#machine.clock());
  }

  /** At most `limit` flows: a server may have many. */
  flows(limit: number): FlowStatus[] {
    return this.#shard.flows(this.#machine.clock(), limit);
  }

  /** The ports that clients have published or that are kept for clients, and the routes. */
  mappings(): (MappingStatus | RouteMappingStatus)[] {
    return [...this.#publications.list(), ...this.routes.routes.map(routeMappingStatus)];
  }

  /** How many published ports are open. */
  get publishedPorts(): number {
    return this.#publications.list().reduce((sum, { openPorts }) => sum + openPorts, 0);
  }

  /** The ports that are to stay the clients' over a restart. */
  assignments(): readonly Assignment[] {
    return this.#publications.assignments();
  }

  /** Begins to listen. Rejects with a SocketError. */
  async open(): Promise<void> {
    this.#listener.onReceive = (batch) => {
      this.#shard.receive(batch, this.#machine.clock());
      this.#loop.settle();
    };
    this.#listener.onKernelDrops = (packets) => this.#shard.packetDrops.count(DROP.kernelBufferFull, packets);
    this.#listener.onError = (error, _destination, tag) => this.#shard.unsent(tag, error.datagrams);
    await this.#listener.open();
    this.#own.add(this.#listener.local.port);
    this.#loop.settle();
  }

  /** Reads this host's addresses, which may have changed. Throws the system's error. */
  lookAtAddresses(): void {
    this.#own.look();
    this.#publications.lookAtAddresses();
    this.routes.lookAtAddresses().catch(this.#options.onFault);
  }

  /** Keeps ports that a former life of this server had assigned; its clients are known already. */
  reserve(assignments: readonly Assignment[]): void {
    this.#publications.reserve(assignments);
    this.#loop.settle();
  }

  /** Sets how busy this process is; see `Load` of @relay/session. */
  setLoad(load: Load): void {
    this.#shard.setLoad(load, this.#machine.clock());
    this.#loop.settle();
  }

  /** Changes the clients that may come in; see `Shard.updateClients`. */
  updateClients(change: ClientsChange): void {
    this.#shard.updateClients(change, this.#machine.clock());
    this.#publications.updateClients(change);
    this.#loop.settle();
  }

  /** Wakes clients whose sessions a former life of this server had; see `Shard.wakeClients`. */
  wakeClients(addresses: readonly ProvenAddress[]): void {
    this.#shard.wakeClients(addresses, this.#machine.clock());
    this.#loop.settle();
  }

  /** Ends a session. Returns whether there is one with this number. */
  closeSession(id: number, reason: DisconnectReason): boolean {
    const isThere = this.#shard.closeSession(id, reason, this.#machine.clock());
    this.#loop.settle();
    return isThere;
  }

  /** Tells the clients, and closes everything. */
  async close(): Promise<void> {
    const flowsClosed = this.#shard.close(this.#machine.clock());
    const portsClosed = this.#publications.close();
    this.#names.close();
    this.#loop.close();
    await Promise.all([this.#listener.close(), flowsClosed, portsClosed, this.routes.close()]);
  }

  #newShard(): Shard {
    const { machine, socket, staticKey, primitives, descriptors } = this.#options;
    const { maxFlows, maxSockets, maxFlowsPerClient, maxSessions, maxPacketBytes, idleMs } = this.#options;
    return new Shard({
      channel: {
        ...{ staticKey, primitives },
        limits: { maxSessions },
        random: machine.random,
        parameters: {
          ...{ maxPacketBytes, maxFlows: maxFlowsPerClient, flowIdleMs: idleMs },
          features: FEATURE.publishEntries,
        },
      },
      socket: this.#listener,
      openSocket: machine.openSocket,
      targetSocket: flowSocket(socket, this.#options.flowBufferBytes),
      clock: machine.clock,
      wallClock: machine.wallClock,
      settleSoon: () => this.#loop.settleSoon(),
      soon: (run) => {
        machine.soon(() => this.#later(run));
      },
      isOwn: (target, offset) => this.#own.includes(target, offset),
      routeTo: machine.routeTo,
      ...{ descriptors, maxFlows, maxSockets, maxFlowsPerClient, idleMs },
    });
  }

  #newRoutes(): RouteSet {
    const { machine, socket, onFault, onUpstreamMissing } = this.#options;
    return new RouteSet({
      ...{ machine, onFault },
      routes: this.#shard.routes,
      unsent: (tag, datagrams) => this.#shard.unsent(tag, datagrams),
      openSocket: (options) => machine.openSocket({ ...socket, ...options }),
      own: this.#own,
      addresses: this.#newAddresses(),
      settle: () => this.#loop.settle(),
      onMissing: onUpstreamMissing,
    });
  }

  #newAddresses(): PublicAddresses {
    const { localAddresses } = this.#machine;
    return new PublicAddresses({ localAddresses, engine: () => this.#listener.engine });
  }

  #newPublications(): Publications {
    const { machine, socket, descriptors, publish, idleMs, maxFlowsPerClient, onFault } = this.#options;
    const settle = (): void => this.#loop.settle();
    const addresses = this.#newAddresses();
    const pace = new Pace(machine);
    const opener = new PortOpener({
      shard: this.#shard,
      sockets: {
        openSocket: (options) => machine.openSocket({ ...socket, ...options }),
        clock: machine.clock,
        pace,
        shard: this.#shard,
        own: this.#own,
        settle,
      },
      ...{ addresses, descriptors, maxSockets: publish.maxSockets, onFault },
    });
    return new Publications({
      ...{ machine, opener, addresses, pace, graceMs: publish.graceMs, onFault, settle },
      defaults: { idleMs, maxFlows: maxFlowsPerClient },
      onEvent: publish.onEvent,
      onChange: publish.onChange,
    });
  }

  /** Does work that was put off, and sends what comes of it. */
  #later(run: () => void): void {
    try {
      run();
      this.#loop.settle();
    } catch (error) {
      this.#options.onFault(error);
    }
  }

  #wake(nowMs: number): void {
    if (this.#shard.nextWakeMs <= nowMs) this.#shard.wake(nowMs);
    if (this.#publications.nextDueMs <= nowMs) this.#publications.due(nowMs);
    this.routes.due(nowMs);
  }

  /** Hands out the events, and sends the packets and datagrams that wait. */
  #endTurn(): void {
    for (const event of this.#shard.takeEvents()) {
      try {
        if (event.kind === 'connected') this.#publications.connected(event);
        else if (event.kind === 'disconnected') this.#publications.disconnected(event);
        if (event.kind === 'request') this.#answer(event);
        else this.#options.onEvent(event);
      } catch (error) {
        this.#options.onFault(error);
      }
    }
    this.#shard.flush();
  }

  #answer(request: ClientRequest): void {
    const surroundings = {
      ...{ machine: this.#machine, shard: this.#shard },
      ...{ names: this.#names, publications: this.#publications },
    };
    answerRequest(request, surroundings)
      .then(() => this.#loop.settle())
      .catch(this.#options.onFault);
  }
}
