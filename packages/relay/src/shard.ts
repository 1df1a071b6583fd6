/**
 * A server's sessions, flows and sockets to targets as one unit, which shares nothing with another:
 * datagrams and a time go in, datagrams go out, and everything else is plain data.
 */
import { DROP, DropCounters, type DatagramBatch } from '@relay/packet';
import {
  nameOf,
  ServerChannel,
  systemRandom,
  type DisconnectReason,
  type Load,
  type Session,
  type SessionEvent,
} from '@relay/session';
import { DatagramRun } from './batch/datagram-run.js';
import { DatagramWriter } from './batch/datagram-writer.js';
import { PacketBatch } from './batch/packet-batch.js';
import { ClientState, type ClientSurroundings } from './client-state.js';
import type { Listener, ListenerPort } from './ends/listener.js';
import type { PublicPort } from './ends/public-port.js';
import { Upstreams } from './ends/upstream.js';
import { FairTurns } from './fair-turns.js';
import { flowStatuses } from './flow-statuses.js';
import type { FlowMapping } from './flow/flow-group.js';
import { IdleQueue } from './flow/idle-queue.js';
import { KnownClients, type ClientsChange, type LeavingClient } from './known-clients.js';
import { reachableAddresses, type ForwardServer } from './modes/forward.js';
import { Notices } from './notices.js';
import { OwnHost } from './policy/own-host.js';
import type { VisitorRules } from './policy/visitors.js';
import {
  plainEvent,
  type ClientRequest,
  type FlowStatus,
  type SessionStatus,
  type ShardEvent,
  type ShardFigures,
} from './shard-data.js';
import { Routes } from './routes/routes.js';
import { ENDS_FLOWS, provenAddress } from './session-events.js';
import { sessionStatus } from './session-statuses.js';
import type { ShardOptions } from './shard-options.js';
import { Accounts } from './traffic.js';
import { Waking, type ProvenAddress } from './waking.js';

/** The sessions of a client end at most this many ms after its invitation has expired. */
const EXPIRY_LOOK_MS = 1000;

/** One event loop's part of a server. */
export class Shard implements ForwardServer {
  readonly routes: Routes;
  /** Packets that were refused, by reason. */
  readonly packetDrops = new DropCounters();
  readonly #options: ShardOptions;
  readonly #channel: ServerChannel;
  readonly #accounts = new Accounts();
  readonly #idle = new IdleQueue();
  readonly #run = new DatagramRun();
  readonly #notices = new Notices();
  readonly #out: PacketBatch;
  readonly #upstreams: Upstreams;
  readonly #surroundings: ClientSurroundings;
  readonly #known: KnownClients;
  readonly #waking: Waking;
  readonly #turns: FairTurns;
  readonly #sessions = new Map<number, Session>();
  /** By the name of the client's key. */
  readonly #clients = new Map<string, ClientState>();
  /** The client of the frame before: the next frame is mostly of the same. */
  #latest: ClientState | undefined;
  #events: ShardEvent[] = [];
  #isDraining = false;
  #lastExpiryLookMs = 0;

  constructor(options: ShardOptions) {
    this.#options = options;
    const { clock, openSocket, socket, targetSocket, settleSoon, soon, descriptors } = options;
    this.#out = new PacketBatch((batch) => socket.sendBatch(batch));
    this.#known = new KnownClients(options.wallClock);
    this.#channel = new ServerChannel({
      ...options.channel,
      clients: this.#known,
      wallClock: options.wallClock,
      out: this.#out,
      drops: this.packetDrops,
    });
    this.#waking = new Waking(({ publicKey, path }, nowMs) => this.#channel.wakeClient(publicKey, path, nowMs));
    this.#upstreams = new Upstreams({
      ...{ clock, openSocket, settleSoon, soon },
      socket: targetSocket,
      run: this.#run,
      accounts: this.#accounts,
      notices: this.#notices,
      ...{ ranOut: () => descriptors.ranOut(), isShort: () => descriptors.isShort },
      ownHost: new OwnHost(options.routeTo, clock),
    });
    [this.routes, this.#turns] = [this.#newRoutes(), this.#newTurns()];
    this.#surroundings = {
      writer: new DatagramWriter(this.#out),
      ...{ idle: this.#idle, run: this.#run, notices: this.#notices, upstreams: this.#upstreams },
      ...{ forward: this.#accounts.forward, publish: this.#accounts.publish, packetDrops: this.packetDrops },
      ...{ server: this, known: this.#known },
      ...{ maxFlowsPerClient: options.maxFlowsPerClient, idleMs: options.idleMs },
      random: options.channel.random ?? systemRandom,
      fault: (session, error, nowMs) => void this.#fault(session, error, nowMs),
      forget: ({ key }) => this.#clients.delete(key),
    };
  }

  /** When {@link wake} is due, ms; Infinity: never. */
  get nextWakeMs(): number {
    const nextMs = Math.min(this.#channel.nextWakeMs, this.#idle.nextExpiryMs, this.#nextExpiryLookMs);
    return Math.min(nextMs, this.#waking.nextDueMs);
  }

  /** Takes packets that have arrived. The answers to them leave with the next {@link flush}. */
  receive(batch: DatagramBatch, nowMs: number): void {
    this.#turns.receive(batch, nowMs);
    this.#endBatch();
  }

  /**
   * Public ports whose visitors come to the client of this session; undefined if there is no such
   * session. They are the client's, over all its sessions, until {@link removeListener}.
   */
  newListener(
    session: number,
    mapping: FlowMapping,
    ports: readonly PublicPort[],
    rules?: VisitorRules,
  ): Listener | undefined {
    return this.#clients.get(this.#sessions.get(session)?.peerName ?? '')?.newListener(mapping, ports, rules);
  }

  /** The ports of the listener are closed: its flows end. */
  removeListener(listener: Listener, nowMs: number): void {
    for (const client of this.#clients.values()) client.removeListener(listener, nowMs);
  }

  /** Takes datagrams of visitors, which have arrived at a port of a listener. */
  receiveFromVisitors(listener: Listener, port: ListenerPort, batch: DatagramBatch, nowMs: number): void {
    for (let i = 0; i < batch.count; i++) {
      try {
        listener.receive(port, batch, i, nowMs);
      } catch (error) {
        this.#accounts.publish.toTarget.dropped(this.#channel.fault(undefined, error, nowMs));
      }
    }
    this.#drain(nowMs);
  }

  /** Does the work that is due. */
  wake(nowMs: number): void {
    this.#channel.wake(nowMs);
    this.#waking.wakeDue(nowMs);
    if (this.#nextExpiryLookMs <= nowMs) {
      this.#lastExpiryLookMs = nowMs;
      this.#end(this.#known.takeExpired(), nowMs);
    }
    this.#drain(nowMs);
    this.#idle.expire(nowMs);
  }

  /** Sends the packets and datagrams that wait for the next call to the kernel. */
  flush(): void {
    this.#run.flush();
    this.#out.flush();
  }

  /** The events since the last call: sessions, flows, routes, timestamps, each oldest first. */
  takeEvents(): readonly ShardEvent[] {
    const notices = this.#notices.take();
    const routed = this.routes.takeNotices();
    const timestamps = this.#known.takeTimestamps();
    if (this.#events.length + routed.length + timestamps.length === 0) return notices;
    const events = [...this.#events, ...notices, ...routed, ...timestamps];
    this.#events = [];
    return events;
  }

  /** The socket has taken datagrams with this tag and could not send them. */
  unsent(tag: number, datagrams: number): void {
    this.#accounts.unsent(tag, datagrams, DROP.sendFailed);
  }

  // Asked by modes.

  get isDraining(): boolean {
    return this.#isDraining;
  }

  get isShort(): boolean {
    return this.#options.descriptors.isShort;
  }

  get closingSockets(): number {
    return this.#upstreams.closing;
  }

  get freeFlows(): number {
    const { maxFlows, maxSockets = Infinity } = this.#options;
    return Math.min(maxFlows - this.#upstreams.count, maxSockets - this.#upstreams.sockets);
  }

  /** No more flows to targets may open, or no more sockets for them. */
  get isFull(): boolean {
    return this.freeFlows <= 0;
  }

  isOwn(target: Uint8Array, offset: number): boolean {
    return this.#options.isOwn(target, offset);
  }

  // Called by the program.

  /** Answers a request of a client; see `Session.answer`. */
  answer(request: Pick<ClientRequest, 'session' | 'id'>, status: number, body: Uint8Array, nowMs: number): number {
    return this.#sessions.get(request.session)?.answer(request.id, status, body, nowMs) ?? DROP.noSession;
  }

  /** Those of these addresses to which the client with this key may open flows. */
  reachable(publicKey: Uint8Array, addresses: readonly string[]): string[] {
    return reachableAddresses(addresses, this.#known.lookup(publicKey));
  }

  /** Ends a session, and tells its client why. Returns whether there was one with this number. */
  closeSession(id: number, reason: DisconnectReason, nowMs: number): boolean {
    const session = this.#sessions.get(id);
    if (session !== undefined) this.#channel.closeSession(session, reason, nowMs);
    this.#drain(nowMs);
    return session !== undefined;
  }

  /**
   * Changes the clients that may come in; at first there are none. Ends the sessions of clients
   * that are gone, and of clients whose invitations have expired by now. Other rights and limits
   * hold at once: flows end that they do not allow.
   */
  updateClients(change: ClientsChange, nowMs: number): void {
    this.#end(this.#known.apply(change), nowMs);
    for (const { publicKey, limits } of change.changed) {
      this.#channel.setLimits(publicKey, limits);
      this.#clients.get(nameOf(publicKey))?.rightsChanged(nowMs);
    }
    this.#drain(nowMs);
  }

  /** Tells these clients that a former life of the server has lost their sessions; see `Waking`. */
  wakeClients(addresses: readonly ProvenAddress[], nowMs: number): void {
    this.#waking.add(addresses, nowMs);
  }

  setLoad(load: Load, nowMs: number): void {
    this.#channel.setLoad(load, nowMs);
  }

  /** Ends all sessions and flows. Resolves when the sockets to targets are closed. */
  async close(nowMs: number): Promise<void> {
    this.#isDraining = true;
    this.#waking.close();
    this.#turns.clear();
    this.routes.close(nowMs);
    this.#channel.close(nowMs);
    this.#drain(nowMs);
    for (const client of this.#clients.values()) client.revoke(nowMs); // flows that wait for it
    this.flush();
    await this.#upstreams.closed();
  }

  // The shard's own account.

  figures(): ShardFigures {
    return {
      sessions: this.#channel.sessionCount,
      flows: this.#upstreams.count,
      visitors: [...this.#clients.values()].reduce((sum, { visitors }) => sum + visitors.size, 0),
      forward: this.#accounts.forward.toJSON(),
      publish: this.#accounts.publish.toJSON(),
      route: this.#accounts.route.toJSON(),
      targetErrors: this.#upstreams.networkErrors,
      packetDrops: this.packetDrops.toJSON(),
    };
  }

  /** All clients that are connected. */
  sessions(nowMs: number): SessionStatus[] {
    const flowsOf = ({ peerName }: Session): number => this.#clients.get(peerName)?.flowCount ?? 0;
    return [...this.#channel.sessions()].map((session) =>
      sessionStatus(session, this.#nameOf(session), flowsOf(session), nowMs),
    );
  }

  /** At most so many flows. */
  flows(nowMs: number, limit: number): FlowStatus[] {
    return flowStatuses(this.#clients.values(), this.routes, nowMs, limit);
  }

  #newTurns(): FairTurns {
    return new FairTurns({
      ...this.#options,
      take: (batch, i, nowMs) => this.#takePacket(batch, i, nowMs),
      clientOf: (batch, i) => this.#channel.clientOf(batch, i),
      turned: () => this.#endBatch(),
      dropped: (code) => this.packetDrops.count(code),
    });
  }

  #newRoutes(): Routes {
    const { channel, clock, openSocket, targetSocket: socket, settleSoon, descriptors } = this.#options;
    return new Routes({
      ...{ clock, openSocket, socket, settleSoon },
      fault: (error, nowMs) => this.#fault(undefined, error, nowMs),
      ranOut: () => descriptors.ranOut(),
      ...{ idle: this.#idle, upstreams: this.#upstreams, run: this.#run, server: this },
      traffic: this.#accounts.route,
      fill: channel.random ?? systemRandom,
    });
  }

  get #nextExpiryLookMs(): number {
    return this.#known.isExpiring ? this.#lastExpiryLookMs + EXPIRY_LOOK_MS : Infinity;
  }

  #end(leaving: readonly LeavingClient[], nowMs: number): void {
    for (const { publicKey, reason } of leaving) {
      this.#waking.forget(publicKey);
      this.#channel.revoke(publicKey, nowMs, reason);
      this.#clients.get(nameOf(publicKey))?.revoke(nowMs);
    }
  }

  #endBatch(): void {
    this.#run.flush(); // before the batch is used again
    this.#upstreams.openAdmitted();
  }

  /** Returns about how many frames of the smallest size this was. */
  #takePacket(batch: DatagramBatch, i: number, nowMs: number): number {
    const channel = this.#channel;
    const code = channel.receive(batch, i, nowMs);
    if (code < 0) this.packetDrops.count(code);
    let frames = 1 + ((batch.lengths[i] ?? 0) >> 9);
    for (; channel.nextFrame(nowMs); frames++) this.#take(nowMs);
    this.#drain(nowMs);
    return frames;
  }

  #take(nowMs: number): void {
    const { frame } = this.#channel;
    try {
      if (frame.session !== this.#latest?.session) this.#latest = this.#clientOf(frame.session, nowMs);
      const code = this.#latest.tunnel.take(frame, nowMs);
      if (code < 0) this.packetDrops.count(code);
    } catch (error) {
      this.packetDrops.count(this.#channel.fault(frame.session, error, nowMs));
    }
  }

  #clientOf(session: Session, nowMs: number): ClientState {
    let client = this.#clients.get(session.peerName);
    if (client === undefined) {
      client = new ClientState(session.peerName, session.peerPublicKey, this.#surroundings);
      this.#clients.set(session.peerName, client);
    }
    client.begin(session, nowMs);
    return client;
  }

  #drain(nowMs: number): void {
    for (let event = this.#channel.nextEvent(); event !== undefined; event = this.#channel.nextEvent())
      this.#happened(event, nowMs);
  }

  #happened(event: SessionEvent, nowMs: number): void {
    const { kind, session } = event;
    if (session !== undefined) {
      if (kind === 'connected') {
        this.#sessions.set(session.id, session);
        this.#waking.forget(session.peerPublicKey);
        this.#clientOf(session, nowMs);
      } else if (kind === 'disconnected') {
        this.#sessions.delete(session.id);
        this.#clients.get(session.peerName)?.lose(session, ENDS_FLOWS.has(event.reason), nowMs);
      }
    }
    this.#events.push(plainEvent(event, session && this.#nameOf(session)));
    this.#events.push(...provenAddress(event));
  }

  /** What was unexpected ends this session, or nothing. Returns its drop code. */
  #fault(session: Session | undefined, error: unknown, nowMs: number): number {
    const code = this.#channel.fault(session, error, nowMs);
    this.#drain(nowMs);
    return code;
  }

  #nameOf(session: Session): string {
    return this.#known.lookup(session.peerPublicKey)?.name ?? session.client?.name ?? '(revoked)';
  }
}
