/**
 * The client's loop: the only place of the client that owns sockets and timers, on the machine that
 * is given to it. What arrives goes to the shard a batch at a time, and what the shard has to send
 * leaves at the end of the turn.
 */
import { DROP, parseAddress, type Endpoint } from '@relay/packet';
import { ClientShard, type ClientEvent } from '@relay/relay';
import { keyPairOf, type ClientChannel, type Invitation, type Primitives } from '@relay/session';
import { Loop, type LoopWork, type Machine } from '@relay/program';
import { SocketError, type SocketOptions, type UdpSocket } from '@relay/socket';
import type { Forward } from './mapping/forward.js';
import type { ForwardMapping } from './mapping/mapping-format.js';
import { Mappings, type MappingChanges } from './mapping/mappings.js';
import { TargetNames, type ResolvedTarget } from './mapping/target-names.js';

export interface RelayClientOptions {
  readonly machine: Machine;
  readonly invitation: Invitation;
  readonly primitives: Primitives;
  readonly socket: Pick<SocketOptions, 'engine' | 'receiveBufferBytes' | 'sendBufferBytes' | 'sendQueueBytes'>;
  readonly maxPacketBytes: number;
  /** Told of all that happens to the session and to flows. */
  readonly onEvent: (event: ClientEvent) => void;
  /** A target's name was resolved, or could not be. */
  readonly onResolved: (target: ResolvedTarget) => void;
  readonly onSocketError: (error: SocketError) => void;
  /** Something that nobody waits for failed; the client goes on. */
  readonly onFault: (error: unknown) => void;
}

const ANY_IPV4 = '0.0.0.0';
const ANY_ADDRESS = '::';

/** A name may lead to either family, and tomorrow to the other: so a socket for both. */
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
    });
    this.#mappings = new Mappings({
      shard: this.#shard,
      openSocket: (socket) => machine.openSocket({ ...options.socket, ...socket }),
      clock: machine.clock,
      begin: (forward) => this.#listen(forward),
    });
    const work: LoopWork = {
      nextDueMs: () => Math.min(this.#shard.nextWakeMs, this.#names.nextLookMs),
      due: (nowMs) => {
        this.#shard.wake(nowMs);
        this.#names.look(nowMs);
      },
      flush: () => this.#endTurn(),
      failed: options.onFault,
    };
    this.#loop = new Loop(work, machine);
  }

  get channel(): ClientChannel {
    return this.#shard.channel;
  }

  /** What it carries, and what it has refused. */
  get shard(): ClientShard {
    return this.#shard;
  }

  get forwards(): readonly Forward[] {
    return this.#mappings.forwards;
  }

  get socket(): UdpSocket {
    return this.#socket;
  }

  /** Binds all ports. Rejects with a ProgramFailure if a port cannot be had. */
  async open(forwards: readonly ForwardMapping[]): Promise<void> {
    const { failed } = await this.apply(forwards);
    if (failed[0] !== undefined) throw failed[0];
    await this.#openSocket();
  }

  /** Carries these forwards from now on; see {@link Mappings.apply}. */
  async apply(forwards: readonly ForwardMapping[]): Promise<MappingChanges> {
    const changes = await this.#mappings.apply(forwards);
    this.#names.follow(this.forwards, this.#machine.clock());
    this.#loop.settle();
    return changes;
  }

  /** Where the server is: begins to connect, or goes on there if it is elsewhere than before. */
  setServer(server: Endpoint): void {
    const nowMs = this.#machine.clock();
    this.channel.setServer(server, nowMs);
    if (this.channel.state === 'idle') this.channel.connect(nowMs, this.#machine.wallClock());
    this.#loop.settle();
  }

  async close(): Promise<void> {
    this.#shard.close(this.#machine.clock());
    this.#loop.close();
    await Promise.all([this.#socket.close(), this.#mappings.close()]);
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

  /** What a socket has taken and could not send was counted as sent. */
  #countErrors(socket: UdpSocket): void {
    socket.onError = (error, _destination, tag) => {
      this.#shard.accounts.unsent(tag, error.datagrams, DROP.sendFailed);
      this.#options.onSocketError(error);
    };
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

  /** Tells what has happened, and sends what waits. */
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
