import { RelayClient, ServerSearch, type ForwardMapping, type PublishMapping } from '@relay/client';
import type { Endpoint } from '@relay/packet';
import { DescriptorReserve } from '@relay/program';
import { RelayServer } from '@relay/server';
import type { ClientEvent, ShardEvent, TrafficFigures } from '@relay/relay';
import type { Invitation, KeyPair, Primitives } from '@relay/session';
import type { ClientsOnDisk } from './memory-clients.js';
import type { MemoryMachine } from './memory-machine.js';

const MAX_PACKET_BYTES = 1400;
/** The default of the programs. */
const IDLE_MS = 120_000;
const MAX_FLOWS = 1000;
const MAX_SESSIONS = 4000;
const PUBLISH_GRACE_MS = 60_000;
const MAX_PUBLISHED_PORTS = 1000;
/** How often the server checks whether descriptors are free again, in ms, as the program does. */
const DESCRIPTOR_LOOK_MS = 1000;

/** Takes every event. */
export type Events = (event: ShardEvent | ClientEvent) => void;

/** The datagrams that a program has carried, by direction. */
export interface Carried {
  readonly toTarget: TrafficFigures;
  readonly fromTarget: TrafficFigures;
}

/**
 * Returns how many datagrams of a direction came in and neither went out nor were counted as
 * dropped.
 */
export const unaccountedIn = ({ inDatagrams, outDatagrams, drops }: TrafficFigures): number =>
  inDatagrams - outDatagrams - dropped(drops);

/** Returns how many datagrams were dropped, for all reasons. */
export const dropped = (drops: TrafficFigures['drops']): number =>
  Object.values(drops).reduce((sum, count) => sum + count, 0);

/** A process that runs the server. */
export class ServerProcess {
  readonly machine: MemoryMachine;
  readonly relay: RelayServer;
  /** The errors that the program threw. Each one is a bug. */
  readonly faults: unknown[] = [];
  readonly #clients: ClientsOnDisk;
  readonly #descriptors = new DescriptorReserve(() => undefined, { open: () => 0, close: () => undefined });

  constructor(
    machine: MemoryMachine,
    listen: Endpoint,
    { staticKey, clients, primitives }: { staticKey: KeyPair; clients: ClientsOnDisk; primitives: Primitives },
    events: Events,
  ) {
    this.machine = machine;
    this.relay = new RelayServer({
      ...{ machine, listen, staticKey, primitives },
      socket: {},
      maxSessions: MAX_SESSIONS,
      maxFlows: MAX_FLOWS,
      maxFlowsPerClient: MAX_FLOWS,
      maxPacketBytes: MAX_PACKET_BYTES,
      idleMs: IDLE_MS,
      onEvent: (event) => {
        if (event.kind === 'fault') this.faults.push(event.error);
        if (event.kind === 'newest-timestamp') clients.write(event.publicKey, event.timestamp, machine.schedule);
        else if (event.kind === 'proven-address') clients.writeAddress(event);
        else events(event);
      },
      descriptors: this.#descriptors,
      publish: {
        graceMs: PUBLISH_GRACE_MS,
        maxSockets: MAX_PUBLISHED_PORTS,
        onEvent: () => undefined,
        onChange: () => {
          clients.assignments = this.relay
            .assignments()
            .map(({ publicKey, ports, token }) => ({ publicKey, ports, token }));
        },
      },
      onUpstreamMissing: () => undefined,
      onFault: (error) => this.faults.push(error),
    });
    this.relay.updateClients(clients.read());
    this.#clients = clients;
  }

  get forward(): Carried {
    return this.relay.figures().forward;
  }

  get publish(): Carried {
    return this.relay.figures().publish;
  }

  async start(): Promise<void> {
    await this.relay.open();
    this.relay.lookAtAddresses();
    this.relay.reserve(this.#clients.assignments);
    this.relay.wakeClients(this.#clients.addresses);
    this.#lookAtDescriptors();
  }

  #lookAtDescriptors(): void {
    this.#descriptors.check();
    this.machine.schedule(DESCRIPTOR_LOOK_MS, () => this.#lookAtDescriptors());
  }
}

/**
 * A forward of the client: it listens at an endpoint and leads to a target, which may be a name.
 */
export interface ForwardPlan {
  readonly listen: Endpoint;
  readonly target: { readonly host: string; readonly port: number };
}

/** What a client carries and to which server. */
export interface ClientPlan {
  readonly invitation: Invitation;
  readonly primitives: Primitives;
  readonly forward: ForwardPlan;
  readonly publish?: readonly PublishMapping[];
}

/** A process that runs the client and searches for its server as the program does. */
export class ClientProcess {
  readonly machine: MemoryMachine;
  readonly relay: RelayClient;
  readonly search: ServerSearch;
  /** The errors that the program threw. Each one is a bug. */
  readonly faults: unknown[] = [];
  readonly #forward: ForwardMapping;
  readonly #publish: readonly PublishMapping[];

  constructor(machine: MemoryMachine, plan: ClientPlan, events: Events) {
    const { invitation, primitives, forward, publish = [] } = plan;
    this.machine = machine;
    this.#publish = publish;
    const { listen, target } = forward;
    this.#forward = {
      listen: { address: listen.address, first: listen.port, last: listen.port },
      target: { host: target.host, first: target.port, last: target.port },
      idle: IDLE_MS,
      maxFlows: MAX_FLOWS,
    };
    this.relay = new RelayClient({
      ...{ machine, invitation, primitives },
      socket: {},
      maxPacketBytes: MAX_PACKET_BYTES,
      descriptors: { ranOut: () => undefined },
      onEvent: (event) => {
        if (event.kind === 'fault') this.faults.push(event.error);
        this.search.follow(event);
        events(event);
      },
      onResolved: () => undefined,
      onPublished: () => undefined,
      onLooked: () => undefined,
      onSocketError: () => undefined,
      onFault: (error) => this.faults.push(error),
    });
    const log = { warn: () => undefined, error: (what: string) => this.faults.push(what) };
    this.search = new ServerSearch(invitation, this.relay, log, machine);
  }

  get forward(): Carried {
    return this.relay.shard.accounts.forward.toJSON();
  }

  get publish(): Carried {
    return this.relay.shard.accounts.publish.toJSON();
  }

  async start(): Promise<void> {
    await this.relay.open({ forward: [this.#forward], publish: this.#publish });
    this.search.begin();
  }
}
