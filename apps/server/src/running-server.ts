/** The server's own within its frame: state folder, clients, loop, and its words to users. */
import { setImmediate } from 'node:timers/promises';
import type { Values } from '@relay/config';
import { formatEndpoint, type Endpoint } from '@relay/packet';
import {
  announce,
  chosenEngine,
  coalesced,
  commandOf,
  flowSockets,
  guarded,
  listenFailure,
  portsThatFit,
  shellWord,
  socketsThatFit,
  systemReason,
  thisMachine,
  warnOfFlows,
  type Frame,
  type RunningProgram,
  type Work,
} from '@relay/program';
import { loadPrimitives, type Primitives } from '@relay/session';
import { SocketError } from '@relay/socket';
import type { serverSchema } from './options.js';
import { statePath } from './place.js';
import { checkRouting } from './routes/check-routes.js';
import type { RunningRoute } from './routes/running-route.js';
import { RelayServer } from './server.js';
import { EventLog } from './event-log.js';
import { isFileError } from './state/file-error.js';
import { ClientFiles, type FilesChange } from './state/client-files.js';
import { invite } from './state/invite.js';
import type { FileTrouble } from './state/line-file.js';
import { publicEndpoint, rememberPublic, type PublicEndpoint } from './state/public-address.js';
import { ProvenAddresses } from './state/proven-addresses.js';
import { PublishedPortsFile } from './state/published-ports.js';
import {
  assertOwnKey,
  forgetServerKey,
  makeStateFolder,
  openStateFolder,
  type StateFolder,
} from './state/state-folder.js';
import { lockState } from './state/state-lock.js';
import { serverStatus, type ServerStatus } from './status.js';

export type ServerSettings = Values<typeof serverSchema>;

/** A server that runs, as its verbs see it. */
export type ServerService = RunningProgram<ServerSettings, RunningServer>;

/** The invitation that the first start makes. */
const FIRST_CLIENT = 'default';
/** The server knows a new address of this host as its own after at most this time, in ms. */
const ADDRESS_LOOK_MS = 10_000;
const LISTEN_WITHOUT_IPV6: Endpoint = { address: '0.0.0.0', port: 7878 };

const firstWords = (invitation: string): string =>
  'First start. This invitation is shown only once, and whoever has it can connect. On the client, for instance:\n' +
  `  RELAY_SERVER='${invitation}' ${commandOf('relay-client')} --forward 5353=1.1.1.1:53\n`;

/** The command that invites somebody to the server of this state, wherever it is typed. */
function inviteCommand({ path }: StateFolder): string {
  const state = path === statePath({}) ? '' : ` --state ${shellWord(path)}`;
  return `${commandOf('relay-server')} invite NAME${state}`;
}

const UNLOCKED = 'cannot lock the state folder: a second server on it would not be noticed';

/** Says that a route carries datagrams. */
const announceRoute = ({ description }: RunningRoute): void => announce(`relay-server ready: route ${description}`);

export class RunningServer implements Work {
  readonly state: StateFolder;
  readonly clients: ClientFiles;
  readonly #addresses: ProvenAddresses;
  readonly #ports: PublishedPortsFile;
  readonly #frame: Frame<ServerSettings>;
  readonly #primitives: Primitives;
  readonly #engine: ServerSettings['engine'];
  readonly #unlock: () => void;
  #public: ServerSettings['public'];
  #server: RelayServer;
  #hasBegun = false;

  /** Makes a server; `open` opens it. Rejects with a ProgramFailure. */
  static async make(frame: Frame<ServerSettings>): Promise<RunningServer> {
    const primitives = await loadPrimitives();
    const folder = makeStateFolder(statePath(frame.settings));
    const unlock = await lockState(folder, (error) => frame.log.warn(UNLOCKED, { reason: systemReason(error) }));
    let state: StateFolder | undefined;
    try {
      state = openStateFolder(folder);
      return new RunningServer(frame, primitives, state, unlock);
    } catch (error) {
      if (state?.isNew === true) forgetServerKey(folder);
      unlock();
      throw error;
    }
  }

  private constructor(frame: Frame<ServerSettings>, primitives: Primitives, state: StateFolder, unlock: () => void) {
    this.#frame = frame;
    this.#unlock = unlock;
    this.#primitives = primitives;
    this.state = state;
    this.#public = frame.settings.public;
    this.#engine = chosenEngine(frame.settings.engine, frame.log);
    const trouble: FileTrouble = (what, error) => {
      if (isFileError(error, 'EMFILE') && !frame.descriptors.isShort) {
        frame.descriptors.ranOut(); // there are some in reserve
        return 'again';
      }
      frame.log.error(what, { reason: String(error) });
      return undefined;
    };
    this.clients = new ClientFiles(state.path, trouble);
    this.#addresses = new ProvenAddresses(state.path, trouble);
    this.#ports = new PublishedPortsFile(state.path, trouble, () => this.#server.assignments());
    this.#server = this.#newServer(frame.settings.listen);
    frame.onLoad = (load, health) => {
      this.#server.setLoad(load === 'overloaded' ? 'shedding' : load);
      frame.log[load === 'normal' ? 'info' : 'warn']('load changed', { state: load, ...health });
    };
    frame.descriptorWords = {
      short: 'no file descriptors left: new flows are refused (ulimit -n, LimitNOFILE=)',
      enough: 'there are file descriptors again: new flows are carried',
    };
  }

  get server(): RelayServer {
    return this.#server;
  }

  /** Where clients reach the server, as its invitations name it. */
  get publicAddress(): PublicEndpoint {
    return publicEndpoint(this.#public, this.#server.local);
  }

  status(): ServerStatus {
    return serverStatus(this.#server, this.#frame.load);
  }

  /**
   * Looks at the files of these clients and applies their changes at once: the sessions of clients
   * that are gone end. Throws the file system's error: these clients stay as they were then, and
   * the server looks again soon.
   */
  lookAtClients(names: readonly string[]): void {
    assertOwnKey(this.state);
    this.#apply(this.clients.look(names));
  }

  /** Does the same with all clients, in slices, so that nothing else waits for it. */
  readonly reloadClients = coalesced(async () => {
    assertOwnKey(this.state);
    for (const found of this.clients.lookAtAll()) {
      this.#apply(found);
      await setImmediate();
    }
  });

  reload(): Promise<void> {
    return this.reloadClients();
  }

  async open(): Promise<void> {
    for (const found of this.clients.lookAtAll()) {
      this.#note(found);
      await setImmediate();
    }
    await this.#listen();
    this.#server.updateClients(this.clients.all());
    await this.#server.routes.apply(this.#frame.settings.route);
    this.#server.reserve(this.#ports.read());
    this.clients.watch((names) => (names === undefined ? this.reloadClients() : this.lookAtClients(names)));
  }

  begin(): void {
    const { log, settings, room } = this.#frame;
    // What is written elsewhere than to a terminal is often kept: a journal, a container's log.
    const invitation = this.state.isNew && process.stdout.isTTY ? this.#inviteFirst() : undefined;
    this.#rememberPublic();
    this.#startLooks();
    this.#server.wakeClients(this.#addresses.of(this.clients.list()));
    warnOfFlows(log, settings.maxFlows, room, portsThatFit());
    const on = formatEndpoint(this.#server.local);
    log.info('listening', { on, engine: this.#server.socket.engine, clients: this.clients.size });
    if (invitation !== undefined) process.stdout.write(firstWords(invitation));
    if (this.clients.size === 0) log.info(`nobody is invited yet: ${inviteCommand(this.state)} makes an invitation`);
    announce(`relay-server ready on ${on}`);
    for (const route of this.#server.routes.routes) announceRoute(route);
    this.#hasBegun = true;
  }

  /**
   * Runs the routes and names the address of these settings from now on. Rejects with a
   * ProgramFailure.
   */
  async apply({ route, public: named }: ServerSettings): Promise<void> {
    const { listen } = this.#frame.settings;
    checkRouting({ route, listen });
    const { opened, closed } = await this.#server.routes.apply(route);
    this.#public = named;
    this.#rememberPublic();
    const { log } = this.#frame;
    for (const description of closed) log.info('closed', { mapping: `route ${description}` });
    for (const each of opened) {
      log.info('opened', { mapping: `route ${each.description}` });
      announceRoute(each);
    }
  }

  async close(): Promise<void> {
    await this.#server.close();
    this.clients.close();
    this.#addresses.close();
    this.#ports.close();
    // After a start that failed the first one is yet to come: it will make the first invitation.
    if (this.state.isNew && !this.#hasBegun && this.clients.size === 0) forgetServerKey(this.state.path);
    this.#unlock();
  }

  /** The command `invite` names the address while the server does not run, too. */
  #rememberPublic(): void {
    const remember = (): void => rememberPublic(this.state.path, this.publicAddress);
    guarded(this.#frame.log, 'keeping the public address', remember)();
  }

  #startLooks(): void {
    const frame = this.#frame;
    const lookAtAddresses = (): void => this.#server.lookAtAddresses();
    guarded(frame.log, "the look at this host's addresses", lookAtAddresses)();
    frame.look("the look at this host's addresses", ADDRESS_LOOK_MS, lookAtAddresses);
  }

  #apply(found: FilesChange): void {
    this.#note(found);
    const { changed, gone } = found.change;
    if (changed.length + gone.length > 0) this.#server.updateClients(found.change);
  }

  /** Logs the faults of files and the revoked clients. */
  #note({ change, revoked, faults }: FilesChange): void {
    for (const { file, fault } of faults) this.#frame.log.error('cannot use a client file', { file, fault });
    this.#addresses.forget(change.gone);
    for (const client of revoked) this.#frame.log.info('client revoked', { client });
  }

  /** Where IPv6 is missing the default address falls back to IPv4. */
  async #listen(): Promise<void> {
    const { listen } = this.#frame.settings;
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
    const { settings, logs, log, room, descriptors } = this.#frame;
    const { receiveBuffer, sendBuffer, sendQueue, flowBuffer } = settings;
    const { idle, maxSessions, maxFlows, maxFlowsPerClient, maxPacket } = settings;
    const routes = logs.logger('route');
    const [sessions, targets, publish] = [logs.logger('session'), logs.logger('target'), logs.logger('publish')];
    const events = new EventLog({ sessions, targets, routes, publish }, thisMachine.clock);
    return new RelayServer({
      machine: thisMachine,
      listen,
      staticKey: this.state.staticKey,
      primitives: this.#primitives,
      socket: {
        engine: this.#engine,
        receiveBufferBytes: receiveBuffer,
        sendBufferBytes: sendBuffer,
        sendQueueBytes: sendQueue,
      },
      ...{
        idleMs: idle,
        maxSessions,
        maxFlows,
        maxSockets: flowSockets(room, portsThatFit()),
        flowBufferBytes: flowBuffer,
        maxFlowsPerClient,
        maxPacketBytes: maxPacket,
      },
      descriptors,
      publish: {
        graceMs: settings.publishGrace,
        // The flows have room, too, whatever clients publish.
        maxSockets: room === undefined ? Infinity : Math.floor(socketsThatFit(room) / 2),
        onEvent: (event) => events.writePublish(event),
        onChange: () => this.#ports.changed(),
      },
      onUpstreamMissing: (name, reason) =>
        routes.warn('cannot resolve the name of an upstream: the last addresses stay in use', { name, reason }),
      onFault: (error) => log.error('work of the server failed', { error }),
      onEvent: (event) => {
        if (event.kind === 'newest-timestamp') this.clients.recordTimestamp(event.publicKey, event.timestamp);
        else if (event.kind === 'proven-address') this.#addresses.record(event);
        else events.write(event);
      },
    });
  }

  /** Returns the invitation, which can be shown only now. */
  #inviteFirst(): string {
    const invitation = invite(this.state, FIRST_CLIENT, { allow: [] }, this.publicAddress);
    this.lookAtClients([FIRST_CLIENT]);
    return invitation;
  }
}
