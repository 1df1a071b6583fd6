import type { Endpoint } from '@relay/packet';
import { generateKeyPair, type KeyPair, type Primitives } from '@relay/session';
import { MemoryNetwork, Random, type LinkConditions, type MemoryHost, type MemoryNat } from '@relay/socket/testing';
import { Application, numberOf, type ApplicationOptions } from './application.js';
import { Echo } from './echo.js';
import { ClientsOnDisk } from './memory-clients.js';
import { MemoryMachine } from './memory-machine.js';
import { ClientProcess, dropped, ServerProcess, unaccountedIn, type Events } from './programs.js';

export const SERVER_ADDRESSES = ['192.0.2.1', '192.0.2.2'] as const;
const NAT_ADDRESSES = ['198.51.100.7', '198.51.100.8'] as const;
const SERVER_PORT = 7878;
const SERVER_NAME = 'relay.example';
const TARGET: Endpoint = { address: '203.0.113.5', port: 7 };
const TARGET_NAME = 'echo.example';
const LISTEN: Endpoint = { address: '127.0.0.1', port: 5007 };
/** The delay between the server and its targets in one direction, in ms. */
const NEAR_MS = 2;

export interface WorldOptions {
  readonly seed: number;
  readonly primitives: Primitives;
  /** The path between client and server, in each direction. */
  readonly path?: Partial<LinkConditions>;
  readonly application?: Partial<Omit<ApplicationOptions, 'to'>>;
}

/** A direction between client and server. */
export type Direction = 'to server' | 'to client';

/**
 * A whole relay in one process: applications, client, NATs, server and target, with a network
 * between them, in virtual time. Everything is the same for the same seed.
 */
export class World {
  /** The events, one per line. */
  readonly trace: string[] = [];
  readonly network: MemoryNetwork;
  readonly random: Random;
  readonly application: Application;
  readonly client: ClientProcess;
  /** {@link startServer} replaces it. */
  server: ServerProcess;
  readonly #primitives: Primitives;
  readonly #clients = new ClientsOnDisk([{ address: TARGET.address, prefix: 32 }]);
  readonly #names = new Map<string, readonly string[]>([[TARGET_NAME, [TARGET.address]]]);
  readonly #serverKey: KeyPair;
  readonly #serverHosts: readonly MemoryHost[];
  readonly #nats: readonly MemoryNat[];
  readonly #clientHost: MemoryHost;
  readonly #echo: Echo;
  #arrivedBefore = 0;

  private constructor({ seed, primitives, path, application }: WorldOptions) {
    this.network = new MemoryNetwork({ seed, delayMs: NEAR_MS });
    this.random = new Random(seed ^ 0x5eed);
    this.#primitives = primitives;
    this.#serverHosts = SERVER_ADDRESSES.map((address) => this.network.host(address));
    this.#nats = NAT_ADDRESSES.map((outside) => this.network.nat({ outside }));
    this.#clientHost = this.network.host('10.0.0.2', this.#nats[0] && { nat: this.#nats[0] });
    this.setPath({ delayMs: 5 + this.random.next() * 40, ...path });
    this.#serverKey = generateKeyPair(this.#newMachine(this.#clientHost).random);
    const clientKey = generateKeyPair(this.#newMachine(this.#clientHost).random);
    this.#clients.add('tester', clientKey.publicKey);
    this.#leadTo(0);
    this.server = this.#newServer(0);
    const target = { host: this.random.chance(0.5) ? TARGET_NAME : TARGET.address, port: TARGET.port };
    this.client = new ClientProcess(
      this.#newMachine(this.#clientHost),
      {
        primitives,
        forward: { listen: LISTEN, target },
        invitation: {
          clientPrivateKey: clientKey.privateKey,
          serverPublicKey: this.#serverKey.publicKey,
          ...{ host: SERVER_NAME, port: SERVER_PORT, name: 'tester' },
        },
      },
      (event) => this.#happened('client', event),
    );
    const options = { to: LISTEN, sources: 3, everyMs: 100, largeRate: 0.05, ...application };
    this.application = new Application(this.#clientHost, this.random, options);
    this.#echo = new Echo(this.network.host(TARGET.address), TARGET, (bytes, offset, length) => {
      const number = numberOf(bytes, offset, length);
      this.application.journal.arrived('there', number, this.nowMs);
      this.trace.push(`${this.nowMs} target ${number}`);
    });
  }

  /** Opens a world in which everything runs and a session stands. */
  static async open(options: WorldOptions): Promise<World> {
    const world = new World(options);
    await world.#echo.open();
    await world.server.start();
    await world.client.start();
    await world.application.open();
    return world;
  }

  get nowMs(): number {
    return this.network.clock.nowMs;
  }

  /** Lets time pass. */
  pass(ms: number): Promise<void> {
    return this.network.clock.pass(ms);
  }

  /** Returns a random number of ms. */
  between(leastMs: number, mostMs: number): number {
    return leastMs + this.random.next() * (mostMs - leastMs);
  }

  /** Changes the path between client and server in one direction or both, wherever they are. */
  setPath(conditions: Partial<LinkConditions>, direction?: Direction): void {
    for (const server of SERVER_ADDRESSES)
      for (const client of NAT_ADDRESSES) {
        if (direction !== 'to client') this.network.setConditions(conditions, { from: client, to: server });
        if (direction !== 'to server') this.network.setConditions(conditions, { from: server, to: client });
      }
  }

  /** The client may not come in any more. */
  revokeClient(): void {
    this.server.relay.updateClients(this.#clients.clear());
  }

  /** The server is killed before it has written where its clients are. */
  killServerThatWroteNothing(): void {
    this.killServer();
    this.#clients.forgetAddresses();
  }

  killServer(): void {
    this.server.machine.kill();
    this.trace.push(`${this.nowMs} server killed`);
  }

  /**
   * Starts a server on the host of the killed one, or on its other host. The server's name then
   * leads to that host at once.
   */
  async startServer(host: 0 | 1 = 0): Promise<void> {
    this.#leadTo(host);
    this.#arrivedBefore = this.application.journal.arrivedCount('there');
    this.server = this.#newServer(host);
    await this.server.start();
  }

  /** Gives the client another outside address, and other outside ports. */
  moveClient(): void {
    const other = this.#nats.find((nat) => nat !== this.#clientHost.nat);
    if (other !== undefined) this.#clientHost.nat = other;
  }

  /** The client's host moves to another network: it has another address itself, and another NAT. */
  moveClientHost(): void {
    this.moveClient();
    this.client.machine.extraAddresses = [`10.0.0.${Math.floor(this.between(10, 250))}`];
  }

  /** Something on the way leads packets of this port of the client astray from now on. */
  blockClientPort(port: number): void {
    this.#clientHost.nat?.mislead(port);
  }

  /** Gives the client other outside ports. */
  rebindClient(): void {
    this.#clientHost.nat?.rebind();
  }

  /**
   * Returns the datagrams that are not counted, at the client and at the current server. The list
   * is empty when no datagram is on its path.
   */
  unaccounted(): string[] {
    const { journal } = this.application;
    const client = this.client.forward;
    const server = this.server.forward;
    const faults = Object.entries({ client, server }).flatMap(([program, { toTarget, fromTarget }]) =>
      Object.entries({ toTarget, fromTarget }).map(([way, traffic]) => ({
        what: `${program} ${way}: in ${traffic.inDatagrams}, out ${traffic.outDatagrams}, dropped ${dropped(traffic.drops)}`,
        difference: unaccountedIn(traffic),
      })),
    );
    const arrived = journal.arrivedCount('there') - this.#arrivedBefore;
    const thrown = [...this.client.faults, ...this.server.faults].map((error) => `a fault: ${String(error)}`);
    const losses = [
      ...faults,
      { what: 'sent and not seen by the client', difference: journal.count - client.toTarget.inDatagrams },
      { what: 'sent by the server, not at the target', difference: server.toTarget.outDatagrams - arrived },
      { what: 'sent by the target, not at the server', difference: arrived - server.fromTarget.inDatagrams },
      { what: 'not back', difference: client.fromTarget.outDatagrams - journal.arrivedCount('back') },
    ].flatMap(({ what, difference }) => (difference === 0 ? [] : [`${what} (${difference})`]));
    return [...thrown, ...losses];
  }

  #newMachine(host: MemoryHost): MemoryMachine {
    return new MemoryMachine(host, new Random(Math.floor(this.random.next() * 2 ** 32)), this.#names);
  }

  #leadTo(host: 0 | 1): void {
    this.#names.set(SERVER_NAME, [SERVER_ADDRESSES[host]]);
  }

  #newServer(host: 0 | 1): ServerProcess {
    const machine = this.#newMachine(this.#serverHosts[host] ?? this.network.host(SERVER_ADDRESSES[host]));
    return new ServerProcess(
      machine,
      { address: '0.0.0.0', port: SERVER_PORT },
      { staticKey: this.#serverKey, clients: this.#clients, primitives: this.#primitives },
      (event) => this.#happened('server', event),
    );
  }

  #happened(program: string, { kind }: Parameters<Events>[0]): void {
    this.trace.push(`${this.nowMs} ${program} ${kind}`);
  }
}
