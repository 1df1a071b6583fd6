/**
 * The loop of the client. Only this part of the client owns sockets and timers, on the machine that
 * it is given. Received datagrams go to the shard a batch at a time. The datagrams that the shard
 * sends leave at the end of the turn.
 */
import { DROP, FEATURE, parseAddress, unpackEndpoint, type Endpoint } from '@relay/packet';
import { ClientShard, type ClientEvent } from '@relay/relay';
import { keyPairOf, type ClientChannel, type Invitation, type Primitives } from '@relay/session';
import {
  flowSocket,
  Loop,
  type DescriptorReserve,
  type LoopWork,
  type Machine,
  type ProgramFailure,
} from '@relay/program';
import { SocketError, type SocketOptions, type UdpSocket } from '@relay/socket';
import type { Forward } from './mapping/forward.js';
import { LocalNames } from './mapping/local-names.js';
import { Mappings } from './mapping/mappings.js';
import { Publications } from './mapping/publications.js';
import type { Publish } from './mapping/publish.js';
import { TargetNames, type ResolvedTarget } from './mapping/target-names.js';
import type { WantedMappings } from './mapping/wanted-mappings.js';

export interface RelayClientOptions {
  readonly machine: Machine;
  readonly invitation: Invitation;
  readonly primitives: Primitives;
  readonly socket: Pick<SocketOptions, 'engine' | 'receiveBufferBytes' | 'sendBufferBytes' | 'sendQueueBytes'>;
  /** The size of each buffer of a socket to a service; undefined: the system's. */
  readonly flowBufferBytes?: number | undefined;
  readonly maxPacketBytes: number;
  readonly descriptors: Pick<DescriptorReserve, 'ranOut'>;
  /** Takes every event of the session and of the flows. */
  readonly onEvent: (event: ClientEvent) => void;
  /** Called when a target's name was resolved, or could not be resolved. */
  readonly onResolved: (target: ResolvedTarget) => void;
  /** Called when the server has answered a request to publish: its state is a new one. */
  readonly onPublished: (publish: Publish) => void;
  /** Called when the host of a published service was found, or cannot be found: see LocalNames. */
  readonly onLooked: (host: string, address: string | undefined) => void;
  readonly onSocketError: (error: SocketError) => void;
  /** Takes the failure of work that no caller waits for. The client goes on. */
  readonly onFault: (error: unknown) => void;
}

/** What a change of the mappings has brought. */
export interface AppliedMappings {
  readonly opened: readonly (Forward | Publish)[];
  readonly closed: readonly (Forward | Publish)[];
  /** The reasons why ports could not be opened. If there is one, nothing was changed. */
  readonly failed: readonly ProgramFailure[];
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
  readonly #publications: Publications;
  readonly #names = new TargetNames();
  readonly #localNames: LocalNames;
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
        parameters: { maxPacketBytes, features: FEATURE.publishEntries },
        random: machine.random,
      },
      socket: { sendBatch: (batch) => this.#socket.sendBatch(batch) },
      openSocket: machine.openSocket,
      serviceSocket: flowSocket(options.socket, options.flowBufferBytes),
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
    this.#publications = new Publications({ services: this.#shard.services, chance: () => chanceOf(machine) });
    this.#localNames = new LocalNames({
      machine,
      onLooked: (host, address) => options.onLooked(host, address),
      onFault: options.onFault,
      settle: () => this.#loop.settle(),
    });
    this.#loop = new Loop(this.#newWork(), machine);
  }

  get channel(): ClientChannel {
    return this.#shard.channel;
  }

  /** The time of the clock that all times of this client are of, in ms. */
  get nowMs(): number {
    return this.#machine.clock();
  }

  /** The shard, which holds the traffic and the drops. */
  get shard(): ClientShard {
    return this.#shard;
  }

  get forwards(): readonly Forward[] {
    return this.#mappings.forwards;
  }

  get publishes(): readonly Publish[] {
    return this.#publications.publishes;
  }

  get socket(): UdpSocket {
    return this.#socket;
  }

  /** Binds all local ports. Rejects with a ProgramFailure if a port cannot be bound. */
  async open(wanted: WantedMappings): Promise<void> {
    const { failed } = await this.apply(wanted);
    if (failed[0] !== undefined) throw failed[0];
    await this.#openSocket();
  }

  /**
   * Carries these mappings from now on. See {@link Mappings.apply} and {@link Publications.apply}.
   * Whether the server opens public ports is known later.
   */
  async apply({ forward, publish }: WantedMappings): Promise<AppliedMappings> {
    const forwards = await this.#mappings.apply(forward);
    if (forwards.failed.length > 0) return forwards;
    const nowMs = this.#machine.clock();
    this.#names.follow(this.forwards, nowMs);
    const publishes = this.#publications.apply(publish, nowMs);
    this.#localNames.follow(this.publishes, nowMs);
    this.#loop.settle();
    return {
      opened: [...forwards.opened, ...publishes.opened],
      closed: [...forwards.closed, ...publishes.closed],
      failed: [],
    };
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

  #newWork(): LoopWork {
    return {
      nextDueMs: () =>
        Math.min(
          this.#shard.nextWakeMs,
          this.#names.nextAskMs,
          this.#publications.nextAskMs,
          this.#localNames.nextLookMs,
        ),
      due: (nowMs) => {
        this.#shard.wake(nowMs);
        this.#names.askDue(nowMs);
        this.#publications.askDue(nowMs);
        this.#localNames.lookDue(nowMs);
      },
      flush: () => this.#endTurn(),
      failed: this.#options.onFault,
    };
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
    for (const event of this.#shard.takeEvents()) this.#guard(() => this.#happened(event));
    for (const publish of this.#publications.takeNews()) this.#guard(() => this.#options.onPublished(publish));
    this.#shard.flush();
  }

  #guard(report: () => void): void {
    try {
      report();
    } catch (error) {
      this.#options.onFault(error);
    }
  }

  #happened(event: ClientEvent): void {
    const nowMs = this.#machine.clock();
    switch (event.kind) {
      case 'connected':
        this.#names.begin(event.session, nowMs);
        break;
      case 'parameters': // what the server takes in a request to publish is known only now
        this.#publications.begin(event.session, nowMs);
        break;
      case 'disconnected':
        this.#names.end();
        this.#publications.end();
        break;
      case 'answer':
        this.#answered(event, nowMs);
        break;
      default:
    }
    this.#options.onEvent(event);
  }

  #answered({ session, id, status, body }: ClientAnswer, nowMs: number): void {
    const resolved = this.#names.answered(id, status, body, nowMs);
    if (resolved !== undefined) this.#options.onResolved(resolved);
    const serverAddress = unpackEndpoint(session.endpoint, 0).address;
    this.#publications.answered(id, { status, body, serverAddress }, nowMs);
  }
}

type ClientAnswer = Extract<ClientEvent, { readonly kind: 'answer' }>;

/** Returns a number from 0 to 1, by chance. */
function chanceOf({ random }: Machine): number {
  const bytes = new Uint8Array(1);
  random(bytes);
  return (bytes[0] ?? 0) / 255;
}
