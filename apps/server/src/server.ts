/**
 * The server's loop: the only place of the server that owns sockets and timers, on the machine that
 * is given to it. What arrives goes through the channel (open), the flows (forward, reply or drop)
 * and back out, a batch at a time.
 */
import { DropCounters, isUnspecifiedAddress, type Endpoint } from '@relay/packet';
import {
  AcceptedFlows,
  DatagramRun,
  DatagramWriter,
  FlowFrames,
  IdleQueue,
  ModeTraffic,
  PacketBatch,
  OwnEndpoints,
} from '@relay/relay';
import {
  ServerChannel,
  type DisconnectReason,
  type KeyPair,
  type Primitives,
  type ReceivedFrame,
  type Session,
  type SessionEvent,
} from '@relay/session';
import { Loop, type DescriptorReserve, type LoopWork, type Machine } from '@relay/program';
import type { ReceiveBatch, SocketOptions, UdpSocket } from '@relay/socket';
import { Forwarding, type TargetNotice } from './relay/forwarding.js';
import { answerRequest } from './relay/requests.js';
import { SessionFlows } from './relay/session-flows.js';
import type { Client, Clients } from './state/client.js';

export interface RelayServerOptions {
  readonly machine: Machine;
  readonly listen: Endpoint;
  readonly staticKey: KeyPair;
  readonly resetSecret: Uint8Array;
  readonly primitives: Primitives;
  readonly clients: Clients;
  readonly socket: Pick<SocketOptions, 'engine' | 'receiveBufferBytes' | 'sendBufferBytes' | 'sendQueueBytes'>;
  readonly maxSessions: number;
  readonly maxFlows: number;
  readonly maxFlowsPerClient: number;
  readonly maxPacketBytes: number;
  /** Idle time of a flow. */
  readonly idleMs: number;
  readonly descriptors: Pick<DescriptorReserve, 'isShort' | 'ranOut'>;
  readonly onSessionEvent: (event: SessionEvent) => void;
  readonly onTargetNotice: (notice: TargetNotice) => void;
  /** Something that nobody waits for failed; the server goes on. */
  readonly onFault: (error: unknown) => void;
}

export class RelayServer {
  readonly forward = new ModeTraffic();
  /** Packets that were refused, by reason. */
  readonly packetDrops = new DropCounters();
  readonly channel: ServerChannel;
  readonly forwarding: Forwarding;
  readonly #options: RelayServerOptions;
  readonly #machine: Machine;
  readonly #listener: UdpSocket;
  readonly #idle = new IdleQueue();
  readonly #run = new DatagramRun();
  readonly #out: PacketBatch;
  readonly #writer: DatagramWriter;
  readonly #frames = new FlowFrames('server');
  readonly #flows = new Map<Session, SessionFlows>();
  #own: OwnEndpoints | undefined;
  readonly #loop: Loop;

  constructor(options: RelayServerOptions) {
    this.#options = options;
    const { listen, machine } = options;
    this.#machine = machine;
    this.#listener = machine.openSocket({
      ...options.socket,
      local: listen,
      receiveLocals: isUnspecifiedAddress(listen.address),
    });
    this.#out = new PacketBatch((batch) => this.#listener.sendBatch(batch));
    this.#writer = new DatagramWriter(this.#out);
    const work: LoopWork = {
      nextDueMs: () => Math.min(this.channel.nextWakeMs, this.#idle.nextExpiryMs),
      due: (nowMs) => {
        this.channel.wake(nowMs);
        this.#idle.expire(nowMs);
      },
      flush: () => {
        this.#drainEvents();
        this.#out.flush();
      },
      failed: options.onFault,
    };
    this.#loop = new Loop(work, machine);
    this.forwarding = new Forwarding({
      socket: options.socket,
      maxFlows: options.maxFlows,
      machine,
      descriptors: options.descriptors,
      run: this.#run,
      clientOf: (session) => this.clientOf(session),
      isOwn: (target, offset) => this.#own?.includes(target, offset) ?? true,
      replied: () => this.#loop.settleSoon(),
      notice: options.onTargetNotice,
      failed: (session, error) => {
        options.onFault(error);
        this.closeSession(session, 'internal-error');
      },
    });
    this.channel = new ServerChannel({
      staticKey: options.staticKey,
      resetSecret: options.resetSecret,
      primitives: options.primitives,
      clients: options.clients,
      limits: { maxSessions: options.maxSessions },
      random: machine.random,
      parameters: {
        maxPacketBytes: options.maxPacketBytes,
        maxFlows: options.maxFlowsPerClient,
        flowIdleMs: options.idleMs,
      },
      out: this.#out,
    });
  }

  /** Where it listens: the real port once it is open. */
  get local(): Endpoint {
    return this.#listener.local;
  }

  get socket(): UdpSocket {
    return this.#listener;
  }

  /** Begins to listen. Rejects with a SocketError. */
  async open(): Promise<void> {
    this.#listener.onReceive = (batch) => this.#onPackets(batch);
    await this.#listener.open();
    this.#own = new OwnEndpoints([this.#listener.local], this.#machine.localAddresses);
    this.#loop.settle();
  }

  /** Reads this host's addresses, which may have changed. Throws what the system throws. */
  lookAtAddresses(): void {
    this.#own?.look();
  }

  /** The most flows that there can be. */
  get maxFlows(): number {
    return this.#options.maxFlows;
  }

  clientOf(session: Session): Client | undefined {
    return this.#options.clients.lookup(session.peerPublicKey);
  }

  flowsOf(session: Session): AcceptedFlows<UdpSocket> {
    return this.#flowsOf(session).accepted;
  }

  /** Ends the sessions of clients that may come in no longer. */
  revoke(clients: readonly Client[]): void {
    for (const client of clients) this.channel.revoke(client.publicKey, this.#machine.clock());
    this.#loop.settle();
  }

  closeSession(session: Session, reason: DisconnectReason): void {
    this.channel.closeSession(session, reason, this.#machine.clock());
    this.#loop.settle();
  }

  /** Tells the clients, and closes everything. */
  async close(): Promise<void> {
    this.forwarding.isDraining = true;
    this.channel.close(this.#machine.clock());
    this.#loop.close();
    await Promise.all([this.#listener.close(), this.forwarding.closed()]);
  }

  #onPackets(batch: ReceiveBatch): void {
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
      code = this.#frames.take(this.#flowsOf(session), type, bytes, offset, end, nowMs);
    } catch (error) {
      code = this.channel.fault(session, error, nowMs);
    }
    if (code < 0) this.packetDrops.count(code);
  }

  #drainEvents(): void {
    for (let event = this.channel.nextEvent(); event !== undefined; event = this.channel.nextEvent()) {
      try {
        this.#onEvent(event);
      } catch (error) {
        // A fault that cannot be told ends nothing more.
        if (event.kind === 'fault') this.#options.onFault(error);
        else this.channel.fault(event.session, error, this.#machine.clock());
      }
    }
  }

  #onEvent(event: SessionEvent): void {
    if (event.kind === 'disconnected') {
      this.#flows.get(event.session)?.end();
      this.#flows.delete(event.session);
    }
    if (event.kind === 'request')
      answerRequest(event, this.#machine, {
        answered: () => this.#loop.settleSoon(),
        failed: this.#options.onFault,
      });
    this.#options.onSessionEvent(event);
  }

  #flowsOf(session: Session): SessionFlows {
    const known = this.#flows.get(session);
    if (known !== undefined) return known;
    const limits = { maxFlows: this.#options.maxFlowsPerClient, idleMs: this.#options.idleMs };
    const accepted = new AcceptedFlows(session, this.#writer, this.#idle, this.forward, limits, this.forwarding);
    const flows = new SessionFlows(accepted, this.#idle, this.packetDrops);
    this.#flows.set(session, flows);
    return flows;
  }
}
