/**
 * A client's session, listeners and flows as one unit. Datagrams and a time go in, datagrams go
 * out, and the program takes the events when it has time for them.
 */
import { DropCounters, type DatagramBatch } from '@relay/packet';
import { ClientChannel, type ClientChannelOptions, type SessionEvent } from '@relay/session';
import type { SocketErrorCode, SocketOptions } from '@relay/socket';
import { DatagramRun, type DatagramSender } from './batch/datagram-run.js';
import { DatagramWriter } from './batch/datagram-writer.js';
import { PacketBatch } from './batch/packet-batch.js';
import { Fragments } from './ends/fragments.js';
import { Listener, type ListenerPort } from './ends/listener.js';
import { Tunnel } from './ends/tunnel.js';
import type { TargetSocket } from './ends/target-socket.js';
import { Upstreams, type UpstreamsOptions } from './ends/upstream.js';
import type { UpstreamOwner } from './ends/upstream-end.js';
import type { FlowMapping } from './flow/flow-group.js';
import { FlowTable } from './flow/flow-table.js';
import { IdleQueue } from './flow/idle-queue.js';
import { admitFromListener } from './modes/forward.js';
import { admitFromServer } from './modes/publish.js';
import { Notices, type FlowNotice } from './notices.js';
import { Services } from './services.js';
import { Accounts } from './traffic.js';

/** Incomplete datagrams from the server. */
const FRAGMENT_LIMITS = { maxBytes: 4 << 20, maxDatagrams: 256, timeoutMs: 5000 };

/** An event of a client's shard. Bodies of events are copies. */
export type ClientEvent = SessionEvent | FlowNotice;

/** The parts of a {@link ClientShard}. */
export interface ClientShardOptions {
  /** Options of the session; the shard adds the way out for its packets. */
  readonly channel: Omit<ClientChannelOptions, 'out'>;
  /** Sends the packets of the session: the socket on which they arrive. */
  readonly socket: DatagramSender;
  /** A socket to a service, in the state `created`; may throw a SocketError. */
  readonly openSocket: (options: SocketOptions) => TargetSocket;
  readonly serviceSocket: UpstreamsOptions['socket'];
  /** A steady clock, ms. */
  readonly clock: () => number;
  /** Called after a service's socket has brought something: a flush is due soon. */
  readonly settleSoon: () => void;
  /** Called where there was no file descriptor for a socket to a service. */
  readonly ranOut: () => void;
}

export class ClientShard {
  readonly channel: ClientChannel;
  readonly accounts = new Accounts();
  /** Packets that were refused, by reason. */
  readonly packetDrops = new DropCounters();
  /** The flows of all listeners. */
  readonly flows: FlowTable;
  /** The flows of visitors of all services. */
  readonly visitors: FlowTable;
  /** The services that this client has published. */
  readonly services: Services;
  readonly #idle = new IdleQueue();
  readonly #run = new DatagramRun();
  readonly #notices = new Notices();
  readonly #out: PacketBatch;
  readonly #tunnel: Tunnel;
  readonly #upstreams: Upstreams;
  #events: ClientEvent[] = [];

  constructor(options: ClientShardOptions) {
    const { channel, socket, openSocket, serviceSocket, clock, settleSoon, ranOut } = options;
    this.#out = new PacketBatch((batch) => socket.sendBatch(batch));
    this.channel = new ClientChannel({ ...channel, out: this.#out, drops: this.packetDrops });
    this.flows = new FlowTable(this.accounts.forward, this.#idle);
    this.visitors = new FlowTable(this.accounts.publish, this.#idle);
    this.#upstreams = new Upstreams({
      ...{ openSocket, clock, settleSoon, ranOut },
      socket: serviceSocket,
      ...{ run: this.#run, accounts: this.accounts, notices: this.#notices },
    });
    const owner: UpstreamOwner = {
      name: undefined,
      waitingBytes: 0,
      fault: (error, nowMs) => this.channel.fault(this.channel.session, error, nowMs),
    };
    this.services = new Services(this.#upstreams, owner);
    this.#tunnel = new Tunnel({
      side: 'client',
      writer: new DatagramWriter(this.#out),
      idle: this.#idle,
      table: this.visitors,
      opened: this.accounts.forward,
      fragments: new Fragments(FRAGMENT_LIMITS, this.#idle, this.packetDrops),
      notices: this.#notices,
      admit: (opening) => admitFromServer(opening, this.services),
    });
  }

  /** When {@link wake} is due, ms; Infinity: never. */
  get nextWakeMs(): number {
    return Math.min(this.channel.nextWakeMs, this.#idle.nextExpiryMs);
  }

  /** Errors that this host told of services, by the code of a SocketError. */
  get serviceErrors(): Readonly<Partial<Record<SocketErrorCode, number>>> {
    return this.#upstreams.networkErrors;
  }

  /** A listener whose flows go to the server. */
  newListener(mapping: FlowMapping, ports: readonly ListenerPort[]): Listener {
    const admit = () => admitFromListener(this.#tunnel);
    return new Listener(mapping, ports, { table: this.flows, run: this.#run, admit });
  }

  /** Takes packets of the server. The answers to them leave with the next {@link flush}. */
  receive(batch: DatagramBatch, nowMs: number): void {
    const { channel } = this;
    for (let i = 0; i < batch.count; i++) {
      const code = channel.receive(batch, i, nowMs);
      if (code < 0) this.packetDrops.count(code);
      while (channel.nextFrame(nowMs)) this.#take(nowMs);
      this.#drain(nowMs);
    }
    this.#run.flush(); // before the batch is used again
    this.#upstreams.openAdmitted();
  }

  /** Takes datagrams of sources, which have arrived at a port of a listener. */
  receiveFromSources(listener: Listener, port: ListenerPort, batch: DatagramBatch, nowMs: number): void {
    for (let i = 0; i < batch.count; i++) {
      try {
        listener.receive(port, batch, i, nowMs);
      } catch (error) {
        this.accounts.forward.toTarget.dropped(this.channel.fault(undefined, error, nowMs));
      }
    }
  }

  /** Does the work that is due. */
  wake(nowMs: number): void {
    this.channel.wake(nowMs);
    this.#drain(nowMs);
    this.#idle.expire(nowMs);
  }

  /** Ends the session, telling the server. Resolves when the sockets to services are closed. */
  async close(nowMs: number): Promise<void> {
    this.visitors.endAll(nowMs);
    this.channel.close(nowMs);
    this.#drain(nowMs);
    this.flush();
    await this.#upstreams.closed();
  }

  /** Sends the packets and datagrams that wait for the next call to the kernel. */
  flush(): void {
    this.#run.flush();
    this.#out.flush();
  }

  /** The events since the last call, the oldest first. */
  takeEvents(): readonly ClientEvent[] {
    const notices = this.#notices.take();
    if (this.#events.length === 0) return notices;
    const events = [...this.#events, ...notices];
    this.#events = [];
    return events;
  }

  #take(nowMs: number): void {
    const { frame } = this.channel;
    try {
      const code = this.#tunnel.take(frame, nowMs);
      if (code < 0) this.packetDrops.count(code);
    } catch (error) {
      this.packetDrops.count(this.channel.fault(frame.session, error, nowMs));
    }
  }

  /** The tunnel follows the session at once; the program learns of the event when it asks. */
  #drain(nowMs: number): void {
    for (let event = this.channel.nextEvent(); event !== undefined; event = this.channel.nextEvent()) {
      if (event.kind === 'connected') this.#tunnel.begin(event.session, nowMs);
      if (event.kind === 'disconnected') this.#tunnel.lose(nowMs);
      this.#events.push(event);
    }
  }
}
