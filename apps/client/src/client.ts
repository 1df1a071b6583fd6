/**
 * The client's loop: the only place of the client that owns sockets and timers, on the machine that
 * is given to it. Datagrams of local applications go through their flows and the channel to the
 * server; what comes back goes the other way.
 */
import { DROP, DropCounters, PACKED_ENDPOINT_BYTES, parseAddress, type DropReason, type Endpoint } from '@relay/packet';
import {
  DatagramRun,
  DatagramWriter,
  FlowFrames,
  Fragments,
  IdleQueue,
  ModeTraffic,
  OpenedFlows,
  PacketBatch,
  type FlowsOfSession,
  type OpenedFlow,
} from '@relay/relay';
import {
  ClientChannel,
  keyPairOf,
  type Invitation,
  type Primitives,
  type ReceivedFrame,
  type SessionEvent,
} from '@relay/session';
import { Loop, type LoopWork, type Machine } from '@relay/program';
import { SocketError, type ReceiveBatch, type SocketOptions, type UdpSocket } from '@relay/socket';
import type { Forward } from './mapping/forward.js';
import { ForwardListener } from './mapping/forward-listener.js';
import { TargetNames } from './mapping/target-names.js';

export interface RelayClientOptions {
  readonly machine: Machine;
  readonly invitation: Invitation;
  readonly primitives: Primitives;
  readonly socket: Pick<SocketOptions, 'engine' | 'receiveBufferBytes' | 'sendBufferBytes' | 'sendQueueBytes'>;
  readonly maxPacketBytes: number;
  readonly forwards: readonly Forward[];
  readonly onSessionEvent: (event: SessionEvent) => void;
  /** The server will not carry a flow for now. */
  readonly onRefused: (flow: OpenedFlow, reason: DropReason) => void;
  /** A target's name was resolved, or could not be. */
  readonly onResolved: (name: string, address: string | undefined) => void;
  readonly onSocketError: (error: SocketError) => void;
  /** Something that nobody waits for failed; the client goes on. */
  readonly onFault: (error: unknown) => void;
}

const ANY_IPV4 = '0.0.0.0';
const ANY_ADDRESS = '::';

/** A name may lead to either family, and tomorrow to the other: so a socket for both. */
const localAddressFor = (host: string): string =>
  parseAddress(host)?.includes(':') === false ? ANY_IPV4 : ANY_ADDRESS;

/** Incomplete datagrams from the server. */
const FRAGMENT_LIMITS = { maxBytes: 4 << 20, maxDatagrams: 256, timeoutMs: 5000 };

export class RelayClient {
  readonly forward = new ModeTraffic();
  /** Packets that were refused, by reason. */
  readonly packetDrops = new DropCounters();
  readonly channel: ClientChannel;
  readonly opened: OpenedFlows;
  readonly #options: RelayClientOptions;
  readonly #machine: Machine;
  #socket: UdpSocket;
  readonly #idle = new IdleQueue();
  readonly #run = new DatagramRun();
  readonly #out: PacketBatch;
  readonly #frames = new FlowFrames('client');
  readonly #flows: FlowsOfSession<never>;
  readonly #names: TargetNames;
  readonly #loop: Loop;

  constructor(options: RelayClientOptions) {
    this.#options = options;
    const { invitation, machine } = options;
    this.#machine = machine;
    this.#socket = this.#newSocket(localAddressFor(invitation.host));
    this.#out = new PacketBatch((batch) => this.#socket.sendBatch(batch));
    this.opened = new OpenedFlows('client', new DatagramWriter(this.#out), this.#idle, this.forward, {
      toSource: (flow, bytes, offset, length) => this.#toSource(flow, bytes, offset, length),
      refused: options.onRefused,
    });
    this.#flows = {
      opened: this.opened,
      accepted: undefined,
      fragments: new Fragments(FRAGMENT_LIMITS, this.#idle, this.packetDrops),
    };
    this.#names = new TargetNames(options.forwards, options.onResolved);
    const work: LoopWork = {
      nextDueMs: () => Math.min(this.channel.nextWakeMs, this.#idle.nextExpiryMs, this.#names.nextLookMs),
      due: (nowMs) => {
        this.channel.wake(nowMs);
        this.#idle.expire(nowMs);
        this.#names.look(nowMs);
      },
      flush: () => {
        this.#drainEvents();
        this.#out.flush();
      },
      failed: options.onFault,
    };
    this.#loop = new Loop(work, machine);
    this.channel = new ClientChannel({
      staticKey: keyPairOf(invitation.clientPrivateKey),
      serverPublicKey: invitation.serverPublicKey,
      primitives: options.primitives,
      parameters: { maxPacketBytes: options.maxPacketBytes },
      random: machine.random,
      out: this.#out,
    });
  }

  get forwards(): readonly Forward[] {
    return this.#options.forwards;
  }

  get socket(): UdpSocket {
    return this.#socket;
  }

  /** Binds all ports. Rejects with a ProgramFailure if a port cannot be had. */
  async open(): Promise<void> {
    for (const forward of this.forwards) {
      for (const listener of forward.listeners) {
        listener.onDatagrams = (from, batch) => this.#fromSources(from, batch);
        listener.socket.onError = this.#options.onSocketError;
      }
      await forward.open();
    }
    await this.#openSocket();
  }

  /** Where the server is: begins to connect, or goes on there if it is elsewhere than before. */
  setServer(server: Endpoint): void {
    const nowMs = this.#machine.clock();
    this.channel.setServer(server, nowMs);
    if (this.channel.state === 'idle') this.channel.connect(nowMs, this.#machine.wallClock());
    this.#loop.settle();
  }

  async close(): Promise<void> {
    this.channel.close(this.#machine.clock());
    this.#loop.close();
    await Promise.all([this.#socket.close(), ...this.forwards.map((forward) => forward.close())]);
  }

  #newSocket(address: string): UdpSocket {
    const socket = this.#machine.openSocket({ ...this.#options.socket, local: { address, port: 0 } });
    socket.onReceive = (batch) => this.#fromServer(batch);
    socket.onError = this.#options.onSocketError;
    return socket;
  }

  /** Where there is no IPv6, a server that has a name may still be reached over IPv4. */
  async #openSocket(): Promise<void> {
    try {
      await this.#socket.open();
    } catch (error) {
      const isWithoutIpv6 = error instanceof SocketError && error.code === 'ipv6-unavailable';
      if (!isWithoutIpv6 || parseAddress(this.#options.invitation.host) !== undefined) throw error;
      this.#socket = this.#newSocket(ANY_IPV4);
      await this.#socket.open();
    }
  }

  #fromSources(listener: ForwardListener, { count, bytes, offsets, lengths, sources, locals }: ReceiveBatch): void {
    const nowMs = this.#machine.clock();
    const asked = listener.isWildcard ? locals : undefined;
    for (let i = 0; i < count; i++) {
      const [at, offset, length] = [i * PACKED_ENDPOINT_BYTES, offsets[i] ?? 0, lengths[i] ?? 0];
      try {
        this.opened.fromSource(listener, sources, asked, at, bytes, offset, length, nowMs);
      } catch (error) {
        this.forward.toTarget.dropped(DROP.internalError);
        this.#options.onFault(error);
      }
    }
    this.#loop.settle();
  }

  #fromServer(batch: ReceiveBatch): void {
    const nowMs = this.#machine.clock();
    for (let i = 0; i < batch.count; i++) {
      const code = this.channel.receive(batch, i, nowMs);
      if (code < 0) this.packetDrops.count(code);
      while (this.channel.nextFrame(nowMs)) this.#take(this.channel.frame, nowMs);
      this.#drainEvents();
    }
    this.#run.flush();
    this.#loop.settle();
  }

  #take({ session, type, bytes, offset, end }: ReceivedFrame, nowMs: number): void {
    let code: number;
    try {
      code = this.#frames.take(this.#flows, type, bytes, offset, end, nowMs);
    } catch (error) {
      code = this.channel.fault(session, error, nowMs);
    }
    if (code < 0) this.packetDrops.count(code);
  }

  #drainEvents(): void {
    for (let event = this.channel.nextEvent(); event !== undefined; event = this.channel.nextEvent()) {
      const nowMs = this.#machine.clock();
      try {
        this.#onEvent(event, nowMs);
      } catch (error) {
        // A fault that cannot be told ends nothing more.
        if (event.kind === 'fault') this.#options.onFault(error);
        else this.channel.fault(event.session, error, nowMs);
      }
    }
  }

  #toSource(flow: OpenedFlow, bytes: Uint8Array, offset: number, length: number): void {
    const { entrance } = flow;
    if (entrance instanceof ForwardListener)
      this.#run.add(entrance.socket, this.forward.fromTarget, bytes, offset, length, flow.source, flow.local);
  }

  #onEvent(event: SessionEvent, nowMs: number): void {
    switch (event.kind) {
      case 'connected':
        this.#flows.fragments.clear(); // another session, other fragments under the same numbers
        this.opened.setSession(event.session);
        this.#names.begin(event.session, nowMs);
        break;
      case 'disconnected':
        this.opened.setSession(undefined);
        this.#names.end();
        break;
      case 'answer':
        this.#names.answered(event.id, event.status, event.body, nowMs);
        break;
      default:
    }
    this.#options.onSessionEvent(event);
  }
}
