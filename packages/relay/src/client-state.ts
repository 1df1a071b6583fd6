import { DROP, FLOW_CLOSE, type DropCounters } from '@relay/packet';
import { TokenBucket, type RandomSource, type Session } from '@relay/session';
import type { DatagramRun } from './batch/datagram-run.js';
import type { DatagramWriter } from './batch/datagram-writer.js';
import { Fragments } from './ends/fragments.js';
import { Listener } from './ends/listener.js';
import type { PublicPort } from './ends/public-port.js';
import { SocketSharing } from './ends/shared-socket.js';
import { LOST_FLOWS_PATIENCE_MS } from './ends/lost-flows.js';
import { Tunnel } from './ends/tunnel.js';
import type { Upstreams } from './ends/upstream.js';
import type { UpstreamEnd, UpstreamOwner } from './ends/upstream-end.js';
import type { End, Flow, Opening } from './flow/flow.js';
import { FlowGroup, type FlowMapping } from './flow/flow-group.js';
import { FlowTable } from './flow/flow-table.js';
import type { IdleQueue, Idler } from './flow/idle-queue.js';
import type { KnownClient, KnownClients } from './known-clients.js';
import { admitFromTunnel, namesTarget, verdictOf, type ForwardClient, type ForwardServer } from './modes/forward.js';
import { admitVisitor } from './modes/publish.js';
import { Visitors, type VisitorRules } from './policy/visitors.js';
import type { Notices } from './notices.js';
import type { ModeTraffic } from './traffic.js';

/**
 * New flows of one client a second, and at once: more than any service has visitors, and few enough
 * that a flood of spoofed sources leaves the flows that are open alone. The first datagrams of as
 * many as come at once wait in the other end's kernel buffer while it opens their sockets.
 */
const OPENINGS_PER_SECOND = 2000;
const OPENINGS_AT_ONCE = 1024;

/** Incomplete datagrams of one client: room for the largest one many times over, and no more. */
const FRAGMENT_LIMITS = { maxBytes: 1 << 20, maxDatagrams: 64, timeoutMs: 5000 };

/** The parts that all clients of a shard share. */
export interface ClientSurroundings {
  readonly writer: DatagramWriter;
  readonly idle: IdleQueue;
  readonly forward: ModeTraffic;
  readonly publish: ModeTraffic;
  /** Gathers the datagrams to visitors. */
  readonly run: DatagramRun;
  /** Counts the packets that are given up. */
  readonly packetDrops: DropCounters;
  readonly notices: Notices;
  readonly upstreams: Upstreams;
  readonly server: ForwardServer & { readonly isFull: boolean };
  readonly maxFlowsPerClient: number;
  readonly idleMs: number;
  readonly random: RandomSource;
  /** The clients that may come in. */
  readonly known: Pick<KnownClients, 'lookup'>;
  /** Ends a session over an error that this program threw. */
  readonly fault: (session: Session | undefined, error: unknown, nowMs: number) => void;
  /** Nothing of a client is left that its next session could find. */
  readonly forget: (client: ClientState) => void;
}

/**
 * The state that a server keeps for one client, found by the client's key: its present session, and
 * the flows that outlive it. A client that comes back in time finds its flows as they were.
 */
export class ClientState implements UpstreamOwner, ForwardClient, Idler {
  /** A client that is away is looked at again after this: its flows have ended then. */
  readonly idleMs = LOST_FLOWS_PATIENCE_MS + 1000;
  lastActivityMs = 0;
  /** Its public key, as a string for maps and as 32 bytes. */
  readonly key: string;
  readonly publicKey: Uint8Array;
  /** The flows that the client has opened. */
  readonly table: FlowTable;
  /** The flows of visitors at the client's public ports. */
  readonly visitors: FlowTable;
  readonly tunnel: Tunnel;
  waitingBytes = 0;
  readonly sharing = new SocketSharing<UpstreamEnd>();
  readonly #surroundings: ClientSurroundings;
  readonly #listeners = new Set<Listener>();
  readonly #openings = new TokenBucket(OPENINGS_PER_SECOND, OPENINGS_AT_ONCE);
  #session: Session | undefined;

  constructor(key: string, publicKey: Uint8Array, surroundings: ClientSurroundings) {
    const { forward, publish, idle, maxFlowsPerClient, idleMs, writer, notices, packetDrops, server } = surroundings;
    this.key = key;
    this.publicKey = publicKey;
    this.#surroundings = surroundings;
    this.table = new FlowTable(forward, idle, { shared: server });
    this.visitors = new FlowTable(publish, idle, { maxFlows: maxFlowsPerClient });
    this.tunnel = new Tunnel({
      side: 'server',
      ...{ writer, idle, notices },
      table: this.table,
      opened: publish,
      group: new FlowGroup<Flow>({ idleMs, maxFlows: maxFlowsPerClient }),
      fragments: new Fragments(FRAGMENT_LIMITS, idle, packetDrops),
      admit: (opening, nowMs) =>
        this.#openings.take(nowMs) ? admitFromTunnel(opening, this, server) : DROP.rateLimited,
    });
  }

  get session(): Session | undefined {
    return this.#session;
  }

  get name(): string {
    return this.rights?.name ?? '(revoked)';
  }

  get rights(): KnownClient | undefined {
    return this.#surroundings.known.lookup(this.publicKey);
  }

  newEnd(): End {
    return this.#surroundings.upstreams.newEnd(this);
  }

  mayReachHere(target: Uint8Array): boolean {
    return this.rights !== undefined && namesTarget(target, this.rights);
  }

  /** Flows end that its rights do not allow any more. */
  rightsChanged(nowMs: number): void {
    const { server, upstreams } = this.#surroundings;
    for (const flow of [...this.table]) {
      const isAllowed = verdictOf(flow.target, this.rights, server) === 0 && !upstreams.isForbidden(this, flow.target);
      if (!isAllowed) flow.end(FLOW_CLOSE.denied, nowMs);
    }
  }

  /** How many flows there are, in all modes. */
  get flowCount(): number {
    return this.table.size + this.visitors.size;
  }

  /** Public ports whose visitors come to this client, until {@link removeListener}. */
  newListener(mapping: FlowMapping, ports: readonly PublicPort[], rules?: VisitorRules): Listener {
    const { run, server, random } = this.#surroundings;
    const admit = (_opening: Opening, nowMs: number) =>
      this.#openings.take(nowMs) ? admitVisitor(this.tunnel, server) : DROP.rateLimited;
    const visitors = new Visitors(random, rules);
    const listener = new Listener(mapping, ports, { table: this.visitors, run, admit, visitors });
    this.#listeners.add(listener);
    return listener;
  }

  /** Its ports are closed: its flows end. */
  removeListener(listener: Listener, nowMs: number): void {
    if (!this.#listeners.delete(listener)) return;
    listener.end(FLOW_CLOSE.notPublished, nowMs);
    this.expire(nowMs);
  }

  /** This session carries its frames from now on. */
  begin(session: Session, nowMs: number): void {
    if (session === this.#session) return;
    this.#session = session;
    this.tunnel.begin(session, nowMs);
  }

  /** The session is over. Its flows wait for the next one, unless the client `isGone` for good. */
  lose(session: Session, isGone: boolean, nowMs: number): void {
    if (session !== this.#session) return;
    this.#session = undefined;
    this.tunnel.lose(nowMs);
    if (isGone) this.#endFlows(nowMs);
    this.expire(nowMs);
  }

  /** The client does not come in any more: flows that wait for it end. */
  revoke(nowMs: number): void {
    if (this.#session !== undefined) return; // its end brings that of its flows
    this.#endFlows(nowMs);
    this.expire(nowMs);
  }

  /** The client has been away for long, or is gone. */
  expire(nowMs: number): void {
    if (this.#session !== undefined) return;
    this.lastActivityMs = nowMs;
    if (this.flowCount === 0 && this.#listeners.size === 0) this.#surroundings.forget(this);
    else this.#surroundings.idle.add(this);
  }

  #endFlows(nowMs: number): void {
    this.table.endAll(nowMs);
    this.visitors.endAll(nowMs);
  }

  fault(error: unknown, nowMs: number): void {
    this.#surroundings.fault(this.#session, error, nowMs);
  }
}
