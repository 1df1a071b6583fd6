/**
 * The loop of the client. Only this part of the client owns sockets and timers, on the machine that
 * it is given. Received datagrams go to the shard a batch at a time. The datagrams that the shard
 * sends leave at the end of the turn.
 */
import { DROP, FEATURE, unpackEndpoint, type Endpoint } from '@relay/packet';
import { ClientShard, type ClientEvent } from '@relay/relay';
import { keyPairOf, type ClientChannel, type Invitation, type Primitives } from '@relay/session';
import {
  flowSocket,
  Loop,
  type CountedPackets,
  type DescriptorReserve,
  type LoopWork,
  type Machine,
  type ProgramFailure,
} from '@relay/program';
import type { SocketError, SocketOptions, UdpSocket } from '@relay/socket';
import { AddressWatch } from './address-watch.js';
import type { Forward } from './mapping/forward.js';
import { LocalNames } from './mapping/local-names.js';
import { Mappings } from './mapping/mappings.js';
import { Publications } from './mapping/publications.js';
import type { Publish } from './mapping/publish.js';
import { TargetNames, type ResolvedTarget } from './mapping/target-names.js';
import type { WantedMappings } from './mapping/wanted-mappings.js';
import { ServerSocket } from './server-socket.js';

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

/** After so many handshakes without an answer, and again so many, the client has another port. */
const HANDSHAKES_PER_PORT = 10;

export class RelayClient {
  readonly #options: RelayClientOptions;
  readonly #machine: Machine;
  readonly #shard: ClientShard;
  readonly #mappings: Mappings;
  readonly #publications: Publications;
  readonly #names = new TargetNames();
  readonly #localNames: LocalNames;
  readonly #loop: Loop;
  readonly #socket: ServerSocket;
  readonly #addresses: AddressWatch;
  /** Handshakes without an answer after which the local port is another one. */
  #renewalAt = HANDSHAKES_PER_PORT;

  constructor(options: RelayClientOptions) {
    this.#options = options;
    const { invitation, machine, primitives, maxPacketBytes } = options;
    this.#machine = machine;
    this.#socket = this.#newSocket();
    this.#addresses = new AddressWatch(machine);
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
      machine,
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

  /** Counts what the kernel has dropped up to now. */
  countKernelDrops(): void {
    this.#machine.countKernelDrops();
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

  /** The socket to the server; another one after handshakes without answers. */
  get socket(): UdpSocket {
    return this.#socket.socket;
  }

  /** What all sockets to the server have counted. */
  get packets(): CountedPackets {
    return this.#socket.statistics;
  }

  /** Binds all local ports. Rejects with a ProgramFailure if a port cannot be bound. */
  async open(wanted: WantedMappings): Promise<void> {
    const { failed } = await this.apply(wanted);
    if (failed[0] !== undefined) throw failed[0];
    await this.#socket.open();
    this.#addresses.begin(this.#machine.clock());
    this.#loop.settle();
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
   * `isNews`: the server was not known to be there, so nothing waits.
   */
  setServer(server: Endpoint, isNews = true): void {
    const nowMs = this.#machine.clock();
    if (isNews) this.channel.setServer(server, nowMs);
    else this.channel.tryServer(server, nowMs);
    if (this.channel.state === 'idle') this.channel.connect(nowMs, this.#machine.wallClock());
    this.#loop.settle();
  }

  async close(): Promise<void> {
    const servicesClosed = this.#shard.close(this.#machine.clock());
    this.#loop.close();
    this.#addresses.end();
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
          this.#addresses.nextLookMs,
        ),
      due: (nowMs) => {
        this.#shard.wake(nowMs);
        this.#names.askDue(nowMs);
        this.#publications.askDue(nowMs);
        this.#localNames.lookDue(nowMs);
        if (this.#addresses.lookDue(nowMs)) this.channel.networkChanged(nowMs);
        this.#renewPort();
      },
      flush: () => this.#endTurn(),
      failed: this.#options.onFault,
    };
  }

  #newSocket(): ServerSocket {
    const { invitation, socket: settings, onSocketError } = this.#options;
    return new ServerSocket({
      host: invitation.host,
      openSocket: (options) => this.#machine.openSocket({ ...settings, ...options }),
      onReceive: (batch) => {
        this.#shard.receive(batch, this.#machine.clock());
        this.#loop.settle();
      },
      onKernelDrops: (packets) => this.#shard.packetDrops.count(DROP.kernelBufferFull, packets),
      onError: (error, tag) => {
        this.#shard.accounts.unsent(tag, error.datagrams, DROP.sendFailed);
        onSocketError(error);
      },
    });
  }

  /**
   * A NAT or a firewall may remember a wrong way for the packets of this port, for as long as they
   * come: after some handshakes without an answer they come from another one.
   */
  #renewPort(): void {
    const { failedAttempts } = this.channel;
    if (failedAttempts < HANDSHAKES_PER_PORT) this.#renewalAt = HANDSHAKES_PER_PORT;
    if (failedAttempts < this.#renewalAt) return;
    this.#renewalAt = failedAttempts + HANDSHAKES_PER_PORT;
    this.#socket.renew().catch(this.#options.onFault);
  }

  #listen({ listener, ports }: Forward): void {
    for (const port of ports) {
      port.socket.onReceive = (batch) => {
        this.#shard.receiveFromSources(listener, port, batch, this.#machine.clock());
        this.#loop.settle();
      };
      port.socket.onKernelDrops = (datagrams) => listener.lostInKernel(datagrams);
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
      case 'refused':
        if (event.reason === 'unreachable') this.#names.unreachable(event.target);
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
