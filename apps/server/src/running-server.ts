/** A server with everything around it: state folder, logs, admin socket, load monitoring. */
import { join } from 'node:path';
import type { Values } from '@relay/config';
import type { Logger, Logging } from '@relay/logging';
import { formatEndpoint, type Endpoint } from '@relay/packet';
import {
  defaultStatePath,
  DescriptorReserve,
  descriptorRoom,
  flowsThatFit,
  guarded,
  listenFailure,
  LoadMonitor,
  type LiveConfiguration,
  monotonicMs,
  openAdminServer,
  openLogs,
  thisMachine,
  repeat,
  warnOfFlows,
  type AdminServer,
  type DescriptorRoom,
} from '@relay/program';
import { loadPrimitives, type Primitives } from '@relay/session';
import { SocketError } from '@relay/socket';
import { adminCalls } from './admin-calls.js';
import type { serverSchema } from './options.js';
import type { TargetNotice } from './relay/forwarding.js';
import { RelayServer } from './server.js';
import { logSessionEvent } from './session-log.js';
import { StoredClients } from './state/client-directory.js';
import { invite, publicEndpoint } from './state/invite.js';
import { forgetServerKey, openStateFolder, type StateFolder } from './state/state-folder.js';
import { serverStatus, metricsOf, type ServerStatus } from './status.js';

export type ServerSettings = Values<typeof serverSchema>;

/** The invitation that the first start makes. */
const FIRST_CLIENT = 'default';
/** How soon the sessions of a client end whose invitation has expired, in ms. */
const EXPIRY_LOOK_MS = 1000;
/** How soon it is seen that something else has used up the file descriptors, in ms. */
const DESCRIPTOR_LOOK_MS = 1000;
/** How soon a new address of this host is known as the server's own, in ms. */
const ADDRESS_LOOK_MS = 10_000;
const LISTEN_WITHOUT_IPV6: Endpoint = { address: '0.0.0.0', port: 7878 };

export class RunningServer {
  readonly logs: Logging;
  readonly state: StateFolder;
  readonly clients: StoredClients;
  readonly settings: ServerSettings;
  /** The invitation of the first start, to be shown once; undefined at every other. */
  firstInvitation: string | undefined;
  readonly #primitives: Primitives;
  readonly #configuration: LiveConfiguration<ServerSettings>;
  readonly #log: Logger;
  readonly #load: LoadMonitor;
  /** At the start, which is when `maxFlows` is cut to it. */
  readonly #room: DescriptorRoom | undefined;
  readonly #descriptors: DescriptorReserve;
  readonly #looks: (() => void)[] = [];
  #server: RelayServer;
  #admin: AdminServer | undefined;

  /** Starts a server. Rejects with a ProgramFailure; nothing is left running then. */
  static async start(configuration: LiveConfiguration<ServerSettings>, stop: () => void): Promise<RunningServer> {
    const running = new RunningServer(configuration, await loadPrimitives());
    try {
      await running.#open(stop);
    } catch (error) {
      await running.close();
      // The first start is yet to come: it will make the first invitation.
      if (running.state.isNew && running.clients.size === 0) forgetServerKey(running.state.path);
      throw error;
    }
    return running;
  }

  private constructor(configuration: LiveConfiguration<ServerSettings>, primitives: Primitives) {
    this.#configuration = configuration;
    this.#primitives = primitives;
    const settings = configuration.values;
    this.settings = settings;
    this.state = openStateFolder(settings.state ?? defaultStatePath(process.env));
    this.logs = openLogs(settings);
    this.#log = this.logs.logger('server');
    this.clients = new StoredClients(this.state.path, (what, error) =>
      this.#log.error(what, { reason: String(error) }),
    );
    this.#room = descriptorRoom();
    this.#descriptors = new DescriptorReserve((isShort) => this.#onDescriptors(isShort));
    this.#server = this.#newServer(settings.listen);
    this.#load = new LoadMonitor(this.#log, (state, health) => {
      this.#server.channel.setLoad(state === 'overloaded' ? 'shedding' : state, monotonicMs());
      this.#log[state === 'normal' ? 'info' : 'warn']('load changed', { state, ...health });
    });
  }

  get server(): RelayServer {
    return this.#server;
  }

  status(): ServerStatus {
    return serverStatus(this.#server, this.#load);
  }

  /**
   * Reads the clients' files again and ends the sessions of those that are gone. Throws what the file system throws: all clients
   * stay as they were then, and the files are read again soon.
   */
  reloadClients(): void {
    const { revoked, faults } = this.clients.reload();
    for (const { file, fault } of faults) this.#log.error('cannot use a client file', { file, fault });
    for (const { name } of revoked) this.#log.info('client revoked', { client: name });
    if (revoked.length > 0) this.#server.revoke(revoked);
  }

  /** Reads the configuration and the clients again; says what has changed. */
  reload(): string {
    this.reloadClients();
    return this.#configuration.reload(this.logs);
  }

  /** As {@link reload}, where nobody waits for an answer. */
  reloadQuietly(): void {
    guarded(this.#log, 'reading the files of clients', () => this.reloadClients())();
    this.#configuration.reloadQuietly(this.logs);
  }

  async close(): Promise<void> {
    for (const end of this.#looks) end();
    this.#load.close();
    this.#descriptors.close();
    await this.#admin?.close();
    await this.#server.close();
    this.clients.close();
    await this.logs.close();
  }

  async #open(stop: () => void): Promise<void> {
    this.reloadClients();
    await this.#listen();
    this.clients.watch(() => this.reloadClients());
    const { admin = join(this.state.path, 'admin.sock') } = this.settings;
    if (admin !== 'off') this.#admin = await openAdminServer(admin, adminCalls(this, stop), this.#log);
    if (this.state.isNew) this.#inviteFirst();
    this.#startLooks();
    this.logs.startMetrics(this.settings.metricsInterval, () => metricsOf(this.status()));
    warnOfFlows(this.#log, this.settings.maxFlows, this.#room);
    this.#log.info('listening', {
      on: formatEndpoint(this.#server.local),
      engine: this.#server.socket.engine,
      clients: this.clients.size,
    });
  }

  #startLooks(): void {
    const lookAtAddresses = (): void => this.#server.lookAtAddresses();
    guarded(this.#log, "the look at this host's addresses", lookAtAddresses)();
    this.#looks.push(
      repeat(this.#log, 'the look at expired invitations', EXPIRY_LOOK_MS, () => this.#endExpired()),
      repeat(this.#log, 'the look at file descriptors', DESCRIPTOR_LOOK_MS, () => this.#descriptors.look()),
      repeat(this.#log, "the look at this host's addresses", ADDRESS_LOOK_MS, lookAtAddresses),
    );
  }

  #onDescriptors(isShort: boolean): void {
    if (isShort) this.#log.warn('no file descriptors left: new flows are refused (ulimit -n, LimitNOFILE=)');
    else this.#log.info('there are file descriptors again: new flows are carried');
  }

  /** Ends the sessions of clients whose invitations have expired meanwhile. */
  #endExpired(): void {
    const expired = this.clients.expired();
    if (expired.length > 0) this.#server.revoke(expired);
  }

  /** Where IPv6 is missing the default address falls back to IPv4. */
  async #listen(): Promise<void> {
    const { listen } = this.settings;
    try {
      await this.#server.open();
    } catch (error) {
      const isMissing =
        error instanceof SocketError && (error.code === 'ipv6-unavailable' || error.code === 'address-not-available');
      if (!isMissing || listen.address !== '::' || listen.port !== LISTEN_WITHOUT_IPV6.port)
        throw listenFailure(listen, error);
      this.#server = this.#newServer(LISTEN_WITHOUT_IPV6);
      await this.#server.open().catch((again: unknown) => {
        throw listenFailure(LISTEN_WITHOUT_IPV6, again);
      });
    }
  }

  #newServer(listen: Endpoint): RelayServer {
    const { engine, receiveBuffer, sendBuffer, sendQueue, idle, maxSessions, maxFlows, maxFlowsPerClient, maxPacket } =
      this.settings;
    const sessions = this.logs.logger('session');
    const targets = this.logs.logger('target');
    return new RelayServer({
      machine: thisMachine,
      listen,
      staticKey: this.state.staticKey,
      resetSecret: this.state.resetSecret,
      primitives: this.#primitives,
      clients: this.clients,
      socket: { engine, receiveBufferBytes: receiveBuffer, sendBufferBytes: sendBuffer, sendQueueBytes: sendQueue },
      ...{
        idleMs: idle,
        maxSessions,
        maxFlows: flowsThatFit(maxFlows, this.#room),
        maxFlowsPerClient,
        maxPacketBytes: maxPacket,
      },
      descriptors: this.#descriptors,
      onFault: (error) => this.#log.error('work of the server failed', { error }),
      onSessionEvent: (event) => logSessionEvent(sessions, event),
      onTargetNotice: ({ client, target, error }: TargetNotice) =>
        targets.warn('a target cannot be reached', { client, target, reason: error.code }),
    });
  }

  #inviteFirst(): void {
    const at = publicEndpoint(this.settings.public, this.#server.local);
    this.firstInvitation = invite(this.state, FIRST_CLIENT, { allow: [] }, at);
    this.reloadClients();
  }
}
