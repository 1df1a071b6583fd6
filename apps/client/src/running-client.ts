/** A client with everything around it: logs, admin socket, the server's name, what users are told. */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Values } from '@relay/config';
import type { Logger, Logging } from '@relay/logging';
import { formatEndpoint, unpackEndpoint, type DropReason } from '@relay/packet';
import {
  defaultStatePath,
  DescriptorReserve,
  descriptorRoom,
  EXIT,
  LoadMonitor,
  type LiveConfiguration,
  openAdminServer,
  openLogs,
  ProgramFailure,
  repeat,
  thisMachine,
  warnOfPorts,
  type AdminServer,
} from '@relay/program';
import { type OpenedFlow } from '@relay/relay';
import { loadPrimitives, type Invitation, type Primitives, type SessionEvent } from '@relay/session';
import { adminCalls } from './admin-calls.js';
import { RelayClient } from './client.js';
import { Forward } from './mapping/forward.js';
import type { clientSchema } from './options.js';
import { ServerSearch } from './server-search.js';
import { clientStatus, metricsOf, type ClientStatus } from './status.js';

export type ClientSettings = Values<typeof clientSchema>;

/** How soon it is seen that something else has used up the file descriptors, in ms. */
const DESCRIPTOR_LOOK_MS = 1000;

export class RunningClient {
  readonly logs: Logging;
  readonly settings: ClientSettings;
  readonly client: RelayClient;
  readonly #invitation: Invitation;
  readonly #configuration: LiveConfiguration<ClientSettings>;
  readonly #log: Logger;
  readonly #load: LoadMonitor;
  readonly #descriptors: DescriptorReserve;
  readonly #announced = new Set<Forward>();
  readonly #search: ServerSearch;
  #endLook: (() => void) | undefined;
  #admin: AdminServer | undefined;
  #isClosed = false;

  /** Starts a client, which looks for its server for as long as that takes. Rejects with a ProgramFailure; nothing is left running then. */
  static async start(configuration: LiveConfiguration<ClientSettings>, stop: () => void): Promise<RunningClient> {
    const settings = configuration.values;
    const invitation = invitationOf(settings);
    const running = new RunningClient(configuration, invitation, openLogs(settings), await loadPrimitives());
    try {
      await running.#open(stop);
    } catch (error) {
      await running.close();
      throw error;
    }
    return running;
  }

  private constructor(
    configuration: LiveConfiguration<ClientSettings>,
    invitation: Invitation,
    logs: Logging,
    primitives: Primitives,
  ) {
    const settings = configuration.values;
    this.#configuration = configuration;
    this.settings = settings;
    this.logs = logs;
    this.#invitation = invitation;
    this.#log = logs.logger('client');
    this.#load = new LoadMonitor(this.#log, () => undefined);
    this.#descriptors = new DescriptorReserve((isShort) => this.#onDescriptors(isShort));
    const { engine, receiveBuffer, sendBuffer, sendQueue, maxPacket, forward } = settings;
    const socket = {
      engine,
      receiveBufferBytes: receiveBuffer,
      sendBufferBytes: sendBuffer,
      sendQueueBytes: sendQueue,
    };
    const sockets = logs.logger('socket');
    this.client = new RelayClient({
      machine: thisMachine,
      invitation,
      primitives,
      socket,
      maxPacketBytes: maxPacket,
      forwards: forward.map(
        (mapping) => new Forward(mapping, (options) => thisMachine.openSocket({ ...socket, ...options })),
      ),
      onSessionEvent: (event) => this.#onSessionEvent(event),
      onRefused: (flow, reason) => this.#onRefused(flow, reason),
      onResolved: (name, address) => this.#onResolved(name, address),
      onFault: (error) => this.#log.error('work of the client failed', { error }),
      onSocketError: (error) => sockets.debug('a datagram could not be sent', { reason: error.code }),
    });
    this.#search = new ServerSearch(invitation, this.client, this.#log, thisMachine);
  }

  get serverName(): string {
    return this.#search.serverName;
  }

  status(): ClientStatus {
    return clientStatus(this.client, this.serverName, this.#load.health);
  }

  /** Reads the configuration again; says what has changed. */
  reload(): string {
    return this.#configuration.reload(this.logs);
  }

  /** As {@link reload}, where nobody waits for an answer. */
  reloadQuietly(): void {
    this.#configuration.reloadQuietly(this.logs);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#search.end();
    this.#load.close();
    this.#endLook?.();
    this.#descriptors.close();
    await this.#admin?.close();
    await this.client.close();
    await this.logs.close();
  }

  async #open(stop: () => void): Promise<void> {
    const room = descriptorRoom();
    await this.client.open();
    await this.#openAdmin(stop);
    const ports = this.client.forwards.reduce((sum, { listeners }) => sum + listeners.length, 0);
    warnOfPorts(this.#log, ports, room);
    this.logs.startMetrics(this.settings.metricsInterval, () => metricsOf(this.status()));
    this.#endLook = repeat(this.#log, 'the look at file descriptors', DESCRIPTOR_LOOK_MS, () =>
      this.#descriptors.look(),
    );
    this.#search.begin();
  }

  #onDescriptors(isShort: boolean): void {
    if (isShort) this.#log.warn('no file descriptors left (ulimit -n, LimitNOFILE=)');
    else this.#log.info('there are file descriptors again');
  }

  /** Several clients may run: only the first has the default path. */
  async #openAdmin(stop: () => void): Promise<void> {
    const { admin } = this.settings;
    if (admin === 'off') return;
    const path = admin ?? join(defaultStatePath(process.env), 'client.sock');
    const calls = adminCalls(this, stop);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    try {
      this.#admin = await openAdminServer(path, calls, this.#log);
    } catch (error) {
      if (admin !== undefined || !(error instanceof ProgramFailure)) throw error;
      const own = join(dirname(path), `client-${process.pid}.sock`);
      this.#log.info('another client has the default admin socket', { admin: own });
      this.#admin = await openAdminServer(own, calls, this.#log);
    }
  }

  #onSessionEvent(event: SessionEvent): void {
    this.#search.follow(event);
    switch (event.kind) {
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

  #onRefused({ target }: OpenedFlow, reason: DropReason): void {
    this.#log.warn('the server will not carry a flow', { target: formatEndpoint(unpackEndpoint(target, 0)), reason });
  }

  #onResolved(name: string, address: string | undefined): void {
    if (address === undefined) this.#log.warn('the server cannot resolve a name: trying on', { name });
    else this.#log.debug('resolved', { name, address });
    this.#announce();
  }

  /** One line for each mapping that is ready for the first time. */
  #announce(): void {
    for (const forward of this.client.forwards) {
      if (!forward.isResolved || this.#announced.has(forward)) continue;
      this.#announced.add(forward);
      process.stdout.write(`relay-client ready: forward ${forward.description}\n`);
    }
  }
}

function invitationOf({ server, forward }: ClientSettings): Invitation {
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
