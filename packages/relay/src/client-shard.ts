/**
 * A client's session, listeners and flows as one unit. Datagrams and a time go in, datagrams go
 * out, and the program takes the events when it has time for them.
 */
import { DropCounters, type DatagramBatch } from '@relay/packet';
import { ClientChannel, type ClientChannelOptions, type SessionEvent } from '@relay/session';
import { DatagramRun, type DatagramSender } from './batch/datagram-run.js';
import { DatagramWriter } from './batch/datagram-writer.js';
import { PacketBatch } from './batch/packet-batch.js';
import { Fragments } from './ends/fragments.js';
import { Listener, type FlowMapping, type ListenerPort } from './ends/listener.js';
import { Tunnel } from './ends/tunnel.js';
import { FlowTable } from './flow/flow-table.js';
import { IdleQueue } from './flow/idle-queue.js';
import { admitFromListener } from './modes/forward.js';
import { Notices, type FlowNotice } from './notices.js';
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
}

export class ClientShard {
  readonly channel: ClientChannel;
  readonly accounts = new Accounts();
  /** Packets that were refused, by reason. */
  readonly packetDrops = new DropCounters();
  /** The flows of all listeners. */
  readonly flows: FlowTable;
  readonly #idle = new IdleQueue();
  readonly #run = new DatagramRun();
  readonly #notices = new Notices();
  readonly #out: PacketBatch;
  readonly #tunnel: Tunnel;
  #events: ClientEvent[] = [];

  constructor({ channel, socket }: ClientShardOptions) {
    this.#out = new PacketBatch((batch) => socket.sendBatch(batch));
    this.channel = new ClientChannel({ ...channel, out: this.#out });
    this.flows = new FlowTable(this.accounts.forward, this.#idle);
    this.#tunnel = new Tunnel({
      side: 'client',
      writer: new DatagramWriter(this.#out),
      idle: this.#idle,
      table: this.flows,
      fragments: new Fragments(FRAGMENT_LIMITS, this.#idle, this.packetDrops),
      notices: this.#notices,
    });
  }

  /** When {@link wake} is due, ms; Infinity: never. */
  get nextWakeMs(): number {
    return Math.min(this.channel.nextWakeMs, this.#idle.nextExpiryMs);
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

  /** Ends the session, telling the server. */
  close(nowMs: number): void {
    this.channel.close(nowMs);
    this.#drain(nowMs);
    this.flush();
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
