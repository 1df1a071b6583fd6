/**
 * The loop of the client. Only this part of the client owns sockets and timers, on the machine that
 * it is given. Received datagrams go to the shard a batch at a time. The datagrams that the shard
 * sends leave at the end of the turn.
 */
import { DROP, parseAddress, type Endpoint } from '@relay/packet';
import { ClientShard, type ClientEvent } from '@relay/relay';
import { keyPairOf, type ClientChannel, type Invitation, type Primitives } from '@relay/session';
import { Loop, type DescriptorReserve, type LoopWork, type Machine } from '@relay/program';
import { SocketError, type SocketOptions, type UdpSocket } from '@relay/socket';
import type { Forward } from './mapping/forward.js';
import type { ForwardMapping } from './mapping/forward-format.js';
import { Mappings, type MappingChanges } from './mapping/mappings.js';
import { TargetNames, type ResolvedTarget } from './mapping/target-names.js';

export interface RelayClientOptions {
  readonly machine: Machine;
  readonly invitation: Invitation;
  readonly primitives: Primitives;
  readonly socket: Pick<SocketOptions, 'engine' | 'receiveBufferBytes' | 'sendBufferBytes' | 'sendQueueBytes'>;
  readonly maxPacketBytes: number;
  readonly descriptors: Pick<DescriptorReserve, 'ranOut'>;
  /** Takes every event of the session and of the flows. */
  readonly onEvent: (event: ClientEvent) => void;
  /** Called when a target's name was resolved, or could not be resolved. */
  readonly onResolved: (target: ResolvedTarget) => void;
  readonly onSocketError: (error: SocketError) => void;
  /** Takes the failure of work that no caller waits for. The client goes on. */
  readonly onFault: (error: unknown) => void;
}

const ANY_IPV4 = '0.0.0.0';
const ANY_ADDRESS = '::';

/**
 * A name may lead to one family today and to the other tomorrow. Therefore this is a socket for
 * both.
 */
const localAddressFor = (host: string): string =>
  parseAddress(host)?.includes(':') === false ? ANY_IPV4 : ANY_ADDRESS;

export class RelayClient {
  readonly #options: RelayClientOptions;
  readonly #machine: Machine;
  readonly #shard: ClientShard;
  readonly #mappings: Mappings;
  readonly #names = new TargetNames();
  readonly #loop: Loop;
  #socket: UdpSocket;

  constructor(options: RelayClientOptions) {
    this.#options = options;
    const { invitation, machine, primitives, maxPacketBytes } = options;
    this.#machine = machine;
    this.#socket = this.#newSocket(localAddressFor(invitation.host));
    this.#shard = new ClientShard({
      channel: {
        staticKey: keyPairOf(invitation.clientPrivateKey),
        serverPublicKey: invitation.serverPublicKey,
        primitives,
        parameters: { maxPacketBytes },
        random: machine.random,
      },
      socket: { sendBatch: (batch) => this.#socket.sendBatch(batch) },
      openSocket: machine.openSocket,
      serviceSocket: options.socket,
      clock: machine.clock,
      settleSoon: () => this.#loop.settleSoon(),
      ranOut: () => options.descriptors.ranOut(),
    });
    this.#mappings = new Mappings({
      shard: this.#shard,
      openSocket: (socket) => machine.openSocket({ ...options.socket, ...socket }),
      clock: machine.clock,
      begin: (forward) => this.#listen(forward),
    });
    const work: LoopWork = {
      nextDueMs: () => Math.min(this.#shard.nextWakeMs, this.#names.nextAskMs),
      due: (nowMs) => {
        this.#shard.wake(nowMs);
        this.#names.askDue(nowMs);
      },
      flush: () => this.#endTurn(),
      failed: options.onFault,
    };
    this.#loop = new Loop(work, machine);
  }

  get channel(): ClientChannel {
    return this.#shard.channel;
  }

  /** The shard, which holds the traffic and the drops. */
  get shard(): ClientShard {
    return this.#shard;
  }

  get forwards(): readonly Forward[] {
    return this.#mappings.forwards;
  }

  get socket(): UdpSocket {
    return this.#socket;
  }

  /** Binds all ports. Rejects with a ProgramFailure if a port cannot be bound. */
  async open(forwards: readonly ForwardMapping[]): Promise<void> {
    const { failed } = await this.apply(forwards);
    if (failed[0] !== undefined) throw failed[0];
    await this.#openSocket();
  }

  /** Carries these forwards from now on. See {@link Mappings.apply}. */
  async apply(forwards: readonly ForwardMapping[]): Promise<MappingChanges> {
    const changes = await this.#mappings.apply(forwards);
    this.#names.follow(this.forwards, this.#machine.clock());
    this.#loop.settle();
    return changes;
  }

  /**
   * Sets the endpoint of the server: begins to connect, or moves the session to the new endpoint.
   */
  setServer(server: Endpoint): void {
    const nowMs = this.#machine.clock();
    this.channel.setServer(server, nowMs);
    if (this.channel.state === 'idle') this.channel.connect(nowMs, this.#machine.wallClock());
    this.#loop.settle();
  }

  async close(): Promise<void> {
    const servicesClosed = this.#shard.close(this.#machine.clock());
    this.#loop.close();
    await Promise.all([this.#socket.close(), this.#mappings.close(), servicesClosed]);
  }

  #newSocket(address: string): UdpSocket {
    const socket = this.#machine.openSocket({ ...this.#options.socket, local: { address, port: 0 } });
    socket.onReceive = (batch) => {
      this.#shard.receive(batch, this.#machine.clock());
      this.#loop.settle();
    };
    this.#countErrors(socket);
    return socket;
  }

  #listen({ listener, ports }: Forward): void {
    for (const port of ports) {
      port.socket.onReceive = (batch) => {
        this.#shard.receiveFromSources(listener, port, batch, this.#machine.clock());
        this.#loop.settle();
      };
      this.#countErrors(port.socket);
    }
  }

  /**
   * Corrects the count of datagrams that a socket took and could not send: they were counted as
   * sent.
   */
  #countErrors(socket: UdpSocket): void {
    socket.onError = (error, _destination, tag) => {
      this.#shard.accounts.unsent(tag, error.datagrams, DROP.sendFailed);
      this.#options.onSocketError(error);
    };
  }

  /** If there is no IPv6, a server with a name may still be reached over IPv4. */
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

  /** Reports the events of the turn and sends everything that waits. */
  #endTurn(): void {
    for (const event of this.#shard.takeEvents()) {
      try {
        this.#happened(event);
      } catch (error) {
        this.#options.onFault(error);
      }
    }
    this.#shard.flush();
  }

  #happened(event: ClientEvent): void {
    const nowMs = this.#machine.clock();
    if (event.kind === 'connected') this.#names.begin(event.session, nowMs);
    if (event.kind === 'disconnected') this.#names.end();
    if (event.kind === 'answer') {
      const resolved = this.#names.answered(event.id, event.status, event.body, nowMs);
      if (resolved !== undefined) this.#options.onResolved(resolved);
    }
    this.#options.onEvent(event);
  }
}
