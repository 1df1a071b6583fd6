/**
 * The client's own work within its frame: the loop, the server's name, and the messages to users.
 */
import type { Values } from '@relay/config';
import { formatEndpoint, unpackEndpoint } from '@relay/packet';
import {
  EXIT,
  ProgramFailure,
  thisMachine,
  warnOfPorts,
  type Frame,
  type RunningProgram,
  type Work,
} from '@relay/program';
import type { ClientEvent } from '@relay/relay';
import { loadPrimitives, type Invitation, type Primitives } from '@relay/session';
import { RelayClient } from './client.js';
import type { Forward } from './mapping/forward.js';
import type { ResolvedTarget } from './mapping/target-names.js';
import type { clientSchema } from './options.js';
import { ServerSearch } from './server-search.js';
import { clientStatus, type ClientStatus } from './status.js';

export type ClientSettings = Values<typeof clientSchema>;

/** A running client, in the form that its verbs use. */
export type ClientService = RunningProgram<ClientSettings, RunningClient>;

export class RunningClient implements Work {
  readonly client: RelayClient;
  readonly #frame: Frame<ClientSettings>;
  readonly #log: Frame['log'];
  readonly #invitation: Invitation;
  readonly #announced = new WeakSet<Forward>();
  readonly #search: ServerSearch;
  #isClosed = false;

  /** Makes a client. `begin` starts the search for its server, which goes on until it succeeds. */
  static async make(frame: Frame<ClientSettings>): Promise<RunningClient> {
    return new RunningClient(frame, invitationOf(frame.settings), await loadPrimitives());
  }

  private constructor(frame: Frame<ClientSettings>, invitation: Invitation, primitives: Primitives) {
    this.#frame = frame;
    this.#log = frame.log;
    this.#invitation = invitation;
    const { engine, receiveBuffer, sendBuffer, sendQueue, maxPacket } = frame.settings;
    const socket = {
      engine,
      receiveBufferBytes: receiveBuffer,
      sendBufferBytes: sendBuffer,
      sendQueueBytes: sendQueue,
    };
    const sockets = frame.logs.logger('socket');
    this.client = new RelayClient({
      machine: thisMachine,
      invitation,
      primitives,
      socket,
      maxPacketBytes: maxPacket,
      descriptors: frame.descriptors,
      onEvent: (event) => this.#onEvent(event),
      onResolved: (target) => this.#onResolved(target),
      onFault: (error) => this.#log.error('work of the client failed', { error }),
      onSocketError: (error) => sockets.debug('a datagram could not be sent', { reason: error.code }),
    });
    this.#search = new ServerSearch(invitation, this.client, this.#log, thisMachine);
  }

  get serverName(): string {
    return this.#search.serverName;
  }

  status(): ClientStatus {
    return clientStatus(this.client, this.serverName, this.#frame.load.health);
  }

  open(): Promise<void> {
    return this.client.open(this.#frame.settings.forward);
  }

  begin(): void {
    const ports = this.client.forwards.reduce((sum, { ports: { length } }) => sum + length, 0);
    warnOfPorts(this.#log, ports, this.#frame.room);
    this.#search.begin();
  }

  /** Carries the forwards of these settings from now on. Rejects with a ProgramFailure. */
  async apply({ forward }: ClientSettings): Promise<void> {
    const { opened, closed, failed } = await this.client.apply(forward);
    if (failed[0] !== undefined) throw failed[0];
    for (const { description } of closed) this.#log.info('closed', { mapping: `forward ${description}` });
    for (const { description } of opened) this.#log.info('opened', { mapping: `forward ${description}` });
    this.#announce();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#search.end();
    await this.client.close();
  }

  #onEvent(event: ClientEvent): void {
    this.#search.follow(event);
    switch (event.kind) {
      case 'refused':
        this.#log.warn('the server will not carry a flow', {
          target: formatEndpoint(unpackEndpoint(event.target, 0)),
          reason: event.reason,
        });
        break;
      case 'connected':
        this.#log.info('connected', {
          server: formatEndpoint(unpackEndpoint(event.session.endpoint, 0)),
          as: this.#invitation.name,
        });
        this.#announce();
        break;
      case 'disconnected':
        if (this.#isClosed) break;
        this.#log.warn('disconnected: connecting anew', { server: this.serverName, reason: event.reason });
        break;
      case 'path-lost':
        this.#log.warn('the server does not answer: trying on, datagrams are dropped meanwhile', {
          server: this.serverName,
        });
        break;
      case 'path-restored':
        this.#log.info('the server answers again', { server: this.serverName });
        break;
      case 'fault':
        this.#log.error('a fault of this program ended what it worked on (please report it)', { error: event.error });
        break;
      default:
        this.#log.trace(event.kind);
    }
  }

  #onResolved({ name, address }: ResolvedTarget): void {
    if (address === undefined) this.#log.warn('the server cannot resolve a name: trying on', { name });
    else this.#log.debug('resolved', { name, address });
    this.#announce();
  }

  /** Prints one line for each mapping that is ready for the first time. */
  #announce(): void {
    for (const forward of this.client.forwards) {
      if (!forward.isResolved || this.#announced.has(forward)) continue;
      this.#announced.add(forward);
      process.stdout.write(`relay-client ready: forward ${forward.description}\n`);
    }
  }
}

/**
 * Returns the invitation. Throws a ProgramFailure if there is none, or if there is nothing to
 * forward.
 */
export function invitationOf({ server, forward }: ClientSettings): Invitation {
  if (server === undefined) {
    const ways = 'as RELAY_SERVER, in the configuration file or with --server';
    throw new ProgramFailure(EXIT.usage, `no server: give the invitation ${ways} (relay-server invite NAME makes one)`);
  }
  if (forward.length === 0)
    throw new ProgramFailure(
      EXIT.usage,
      'nothing to do: give at least one --forward [LISTEN=]TARGET, such as 5353=1.1.1.1:53',
    );
  return server;
}
