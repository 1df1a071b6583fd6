/**
 * The client's own work within its frame: the loop, the server's name, and the messages to users.
 */
import type { Values } from '@relay/config';
import { FEATURE, formatEndpoint, unpackEndpoint } from '@relay/packet';
import {
  announce,
  chosenEngine,
  EXIT,
  ProgramFailure,
  thisMachine,
  warnOfPorts,
  type Frame,
  type RunningProgram,
  type Work,
} from '@relay/program';
import type { ClientEvent } from '@relay/relay';
import { loadPrimitives, type DisconnectReason, type Invitation, type Primitives } from '@relay/session';
import { RelayClient } from './client.js';
import { Forward } from './mapping/forward.js';
import type { Publish } from './mapping/publish.js';
import { refusalMessage, untakenSettings } from './mapping/publish-words.js';
import type { ResolvedTarget } from './mapping/target-names.js';
import { checkMappings } from './mapping/wanted-mappings.js';
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
  /** The last line that stdout had of a mapping, and the last that the log had of a publish. */
  readonly #announced = new WeakMap<Forward | Publish, string>();
  readonly #logged = new WeakMap<Publish, string>();
  #loggedUntaken: string | undefined;
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
    const { receiveBuffer, sendBuffer, sendQueue, flowBuffer, maxPacket } = frame.settings;
    const socket = {
      engine: chosenEngine(frame.settings.engine, frame.log),
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
      flowBufferBytes: flowBuffer,
      descriptors: frame.descriptors,
      onEvent: (event) => this.#onEvent(event),
      onResolved: (target) => this.#onResolved(target),
      onPublished: (publish) => this.#onPublished(publish),
      onLooked: (host, address) => this.#onLooked(host, address),
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
    return this.client.open(this.#frame.settings);
  }

  begin(): void {
    const ports = this.client.forwards.reduce((sum, { ports: { length } }) => sum + length, 0);
    warnOfPorts(this.#log, ports, this.#frame.room);
    this.#search.begin();
  }

  /** Carries the mappings of these settings from now on. Rejects with a ProgramFailure. */
  async apply(settings: ClientSettings): Promise<void> {
    const { opened, closed, failed } = await this.client.apply(settings);
    if (failed[0] !== undefined) throw failed[0];
    for (const mapping of closed) this.#log.info('closed', { mapping: labelOf(mapping) });
    for (const mapping of opened) this.#log.info('opened', { mapping: labelOf(mapping) });
    this.#warnOfUntaken();
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
          ...remedyOf(event.reason, formatEndpoint(unpackEndpoint(event.target, 0))),
        });
        break;
      case 'loop':
        this.#log.warn('a loop: datagrams to a service come back as new sources, and are refused', {
          service: formatEndpoint(unpackEndpoint(event.target, 0)),
        });
        break;
      case 'connected':
        this.#log.info('connected', {
          server: formatEndpoint(unpackEndpoint(event.session.endpoint, 0)),
          as: this.#invitation.name,
        });
        this.#announce();
        break;
      case 'parameters':
        this.#warnOfUntaken();
        break;
      case 'disconnected':
        if (this.#isClosed) break;
        this.#log.warn(messageOf(event.reason), { server: this.serverName, reason: event.reason });
        break;
      case 'path-lost':
        this.#log.warn('the server does not answer: still trying, datagrams are dropped meanwhile', {
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

  #onResolved({ name, address, reason }: ResolvedTarget): void {
    if (address === undefined) this.#log.warn('the server cannot resolve a name: still trying', { name, reason });
    else this.#log.debug('resolved', { name, address });
    this.#announce();
  }

  /** Says what became of a publish, unless that was said before. */
  #onPublished(publish: Publish): void {
    const { state } = publish;
    if (state.kind !== 'open' && state.kind !== 'refused') return;
    const message = state.kind === 'open' ? 'published' : refusalMessage(publish, state);
    const line = `${message} ${labelOf(publish)}`;
    if (this.#logged.get(publish) !== line) {
      this.#logged.set(publish, line);
      this.#log[state.kind === 'open' ? 'info' : 'warn'](message, { mapping: labelOf(publish) });
    }
    this.#announce();
  }

  #onLooked(host: string, address: string | undefined): void {
    if (address === undefined) this.#log.warn('this machine cannot resolve the name of a service', { name: host });
    else this.#log.debug('resolved', { name: host, address });
    this.#announce();
  }

  /** Warns once of the same settings that a server of a former release does not take. */
  #warnOfUntaken(): void {
    const parameters = this.client.channel.session?.peerParameters;
    if (parameters === undefined || ((parameters.features ?? 0) & FEATURE.publishEntries) !== 0) return;
    const untaken = this.client.publishes.flatMap((publish) => {
      const settings = untakenSettings(publish.mapping);
      return settings.length === 0 ? [] : [`${publish.name} (${settings.join(', ')})`];
    });
    const text = untaken.join('; ');
    if (text === '' || text === this.#loggedUntaken) return;
    this.#loggedUntaken = text;
    this.#log.warn(
      'the server is of a former release and does not take settings of what is published: they hold on this side only',
      { settings: text },
    );
  }

  /** Prints one line for each mapping that is ready for the first time, or with other ports. */
  #announce(): void {
    const open = this.client.publishes.filter(({ state }) => state.kind === 'open');
    for (const mapping of [...this.client.forwards, ...open]) {
      if (!mapping.isResolved || this.#announced.get(mapping) === mapping.description) continue;
      this.#announced.set(mapping, mapping.description);
      announce(`relay-client ready: ${modeOf(mapping)} ${mapping.description}`);
    }
  }
}

/** What helps where the server does not carry a flow, if anything does. */
function remedyOf(reason: string, target: string): { readonly remedy?: string } {
  if (reason !== 'denied-by-policy') return {};
  return { remedy: `the invitation does not allow it: ask for one made with --allow ${target}` };
}

const messageOf = (reason: DisconnectReason): string => {
  switch (reason) {
    case 'replaced':
      return 'another client uses this invitation: give each its own (relay-server invite NAME)';
    case 'expired':
      return 'the invitation has expired: ask for another one (relay-server invite NAME)';
    default:
      return 'disconnected: reconnecting';
  }
};

const modeOf = (mapping: Forward | Publish): 'forward' | 'publish' =>
  mapping instanceof Forward ? 'forward' : 'publish';

/** What the log calls a mapping. */
const labelOf = (mapping: Forward | Publish): string => `${modeOf(mapping)} ${mapping.name}`;

/**
 * Returns the invitation. Throws a ProgramFailure if there is none, or if the mappings cannot be
 * carried together.
 */
export function invitationOf(settings: ClientSettings): Invitation {
  const { server } = settings;
  if (server === undefined) {
    const ways = 'as RELAY_SERVER, in the configuration file or with --server';
    throw new ProgramFailure(EXIT.usage, `no server: give the invitation ${ways} (relay-server invite NAME makes one)`);
  }
  checkMappings(settings);
  return server;
}
