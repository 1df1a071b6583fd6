import type { Endpoint } from '@relay/packet';
import { generateKeyPair, type KeyPair, type Primitives } from '@relay/session';
import { MemoryNetwork, Random, type LinkConditions, type MemoryHost, type MemoryNat } from '@relay/socket/testing';
import { Application, numberOf } from './application.js';
import { Echo } from './echo.js';
import { ClientsOnDisk } from './memory-clients.js';
import { MemoryMachine } from './memory-machine.js';
import { ClientProcess, ServerProcess, unaccountedIn } from './programs.js';

const SERVER: Endpoint = { address: '192.0.2.1', port: 7878 };
const NAT_ADDRESSES = ['198.51.100.7', '198.51.100.8'] as const;
const VISITORS = '203.0.113.9';
const SERVICE: Endpoint = { address: '127.0.0.1', port: 27_015 };
const NEAR_MS = 2;

/**
 * A service behind a NAT that its client publishes at any port of the server, and its visitors. The
 * client has no traffic of its own. Everything is the same for the same seed.
 */
export class PublishedWorld {
  readonly network: MemoryNetwork;
  readonly random: Random;
  client: ClientProcess;
  server: ServerProcess;
  /** {@link newVisitors} replaces them. */
  visitors: Application;
  readonly #primitives: Primitives;
  readonly #disk = new ClientsOnDisk([], [{ first: 27_000, last: 27_999 }]);
  readonly #serverHost: MemoryHost;
  readonly #visitorHost: MemoryHost;
  readonly #nats: readonly MemoryNat[];
  readonly #clientHost: MemoryHost;
  readonly #serverKey: KeyPair;
  readonly #clientKey: KeyPair;

  private constructor(seed: number, primitives: Primitives) {
    this.network = new MemoryNetwork({ seed, delayMs: NEAR_MS });
    this.random = new Random(seed ^ 0x5eed);
    this.#primitives = primitives;
    this.#serverHost = this.network.host(SERVER.address);
    this.#visitorHost = this.network.host(VISITORS);
    this.#nats = NAT_ADDRESSES.map((outside) => this.network.nat({ outside }));
    this.#clientHost = this.network.host('10.0.0.2', this.#nats[0] && { nat: this.#nats[0] });
    this.setPath({ delayMs: 5 + this.random.next() * 40 });
    this.#serverKey = generateKeyPair(this.#newMachine(this.#clientHost).random);
    this.#clientKey = generateKeyPair(this.#newMachine(this.#clientHost).random);
    this.#disk.add('tester', this.#clientKey.publicKey);
    this.server = this.#newServer();
    this.client = this.#newClient();
    this.visitors = this.#newApplication(0);
  }

  /** Opens a world whose service is published, and whose visitors come. */
  static async open(seed: number, primitives: Primitives): Promise<PublishedWorld> {
    const world = new PublishedWorld(seed, primitives);
    const echo = new Echo(world.#clientHost, SERVICE, (...datagram) => {
      world.visitors.journal.arrived('there', numberOf(...datagram), world.nowMs);
    });
    await echo.open();
    await world.server.start();
    await world.client.start();
    await world.pass(1000);
    await world.newVisitors();
    return world;
  }

  get nowMs(): number {
    return this.network.clock.nowMs;
  }

  /** The public port; undefined if it is not open. */
  get port(): number | undefined {
    const state = this.client.relay.publishes[0]?.state;
    return state?.kind === 'open' ? state.ports.endpoint.port : undefined;
  }

  /** Lets time pass. */
  pass(ms: number): Promise<void> {
    return this.network.clock.pass(ms);
  }

  /** Returns a random number of ms. */
  between(leastMs: number, mostMs: number): number {
    return leastMs + this.random.next() * (mostMs - leastMs);
  }

  /** Changes the path between client and server. */
  setPath(conditions: Partial<LinkConditions>): void {
    for (const client of NAT_ADDRESSES) {
      this.network.setConditions(conditions, { from: client, to: SERVER.address });
      this.network.setConditions(conditions, { from: SERVER.address, to: client });
    }
  }

  /** Other visitors come, from other ports. Those of before must have stopped. */
  async newVisitors(port = this.port): Promise<void> {
    this.visitors = this.#newApplication(port ?? 0);
    await this.visitors.open();
  }

  async restartServer(afterMs: number): Promise<void> {
    this.server.machine.kill();
    await this.pass(afterMs);
    this.server = this.#newServer();
    await this.server.start();
  }

  async restartClient(afterMs: number): Promise<void> {
    this.client.machine.kill();
    await this.pass(afterMs);
    this.client = this.#newClient();
    await this.client.start();
  }

  /** Gives the client another outside address, or other outside ports. */
  moveClient(): void {
    const other = this.#nats.find((nat) => nat !== this.#clientHost.nat);
    if (this.random.chance(0.5) && other !== undefined) this.#clientHost.nat = other;
    else this.#clientHost.nat?.rebind();
  }

  /**
   * Returns the faults of the present programs, and in which directions they lost datagrams without
   * a count. The list is empty when no datagram is on its path.
   */
  unaccounted(): string[] {
    const { client, server } = this;
    const faults = [...client.faults, ...server.faults].map((error) => `a fault: ${String(error)}`);
    const losses = Object.entries({ client: client.publish, server: server.publish }).flatMap(
      ([program, { toTarget, fromTarget }]) =>
        Object.entries({ toTarget, fromTarget }).flatMap(([way, traffic]) =>
          unaccountedIn(traffic) === 0 ? [] : [`${program} ${way}: ${unaccountedIn(traffic)}`],
        ),
    );
    return [...faults, ...losses];
  }

  #newApplication(port: number): Application {
    const to = { address: SERVER.address, port };
    return new Application(this.#visitorHost, this.random, {
      ...{ to, from: VISITORS, sources: 3, everyMs: 100, largeRate: 0.05 },
    });
  }

  #newMachine(host: MemoryHost): MemoryMachine {
    return new MemoryMachine(host, new Random(Math.floor(this.random.next() * 2 ** 32)));
  }

  #newServer(): ServerProcess {
    return new ServerProcess(
      this.#newMachine(this.#serverHost),
      { address: '0.0.0.0', port: SERVER.port },
      { staticKey: this.#serverKey, clients: this.#disk, primitives: this.#primitives },
      () => undefined,
    );
  }

  #newClient(): ClientProcess {
    const { address: host, port } = SERVER;
    const forward = { listen: { address: '127.0.0.1', port: 5007 }, target: { host: VISITORS, port: 7 } };
    const invitation = {
      clientPrivateKey: this.#clientKey.privateKey,
      serverPublicKey: this.#serverKey.publicKey,
      ...{ host, port, name: 'tester' },
    };
    const publish = {
      public: { address: host, first: 0, last: 0 },
      local: { host: SERVICE.address, first: SERVICE.port, last: SERVICE.port },
      ...{ idle: 120_000, maxFlows: 1000, allow: [], deny: [] },
    };
    const plan = { invitation, primitives: this.#primitives, forward, publish: [publish] };
    return new ClientProcess(this.#newMachine(this.#clientHost), plan, () => undefined);
  }
}
