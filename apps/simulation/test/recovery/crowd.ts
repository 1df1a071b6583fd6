import { generateKeyPair, type KeyPair, type Primitives } from '@relay/session';
import { MemoryNetwork, Random, type MemoryHost } from '@relay/socket/testing';
import { ClientsOnDisk } from '../world/memory-clients.js';
import { MemoryMachine } from '../world/memory-machine.js';
import { ClientProcess, ServerProcess } from '../world/programs.js';

const SERVER = { address: '192.0.2.1', port: 7878 };
const OUTSIDE = '198.51.100.7';

/** Many idle clients behind one address, and their server. */
export class Crowd {
  readonly #network: MemoryNetwork;
  readonly #primitives: Primitives;
  readonly #disk = new ClientsOnDisk([]);
  readonly #serverKey: KeyPair;
  readonly #serverHost: MemoryHost;
  readonly #random: Random;
  readonly #clients: ClientProcess[] = [];
  #server: ServerProcess;
  /** When clients connected to the server that runs, ms after its start. */
  connectedMs: number[] = [];
  #startedMs = 0;

  private constructor(seed: number, primitives: Primitives) {
    this.#network = new MemoryNetwork({ seed, delayMs: 20 });
    this.#random = new Random(seed);
    this.#primitives = primitives;
    this.#serverHost = this.#network.host(SERVER.address);
    this.#serverKey = generateKeyPair(this.#machine(this.#serverHost).random);
    this.#server = this.#newServer();
  }

  /** Opens a server with this many clients, all of which have sessions. */
  static async open(seed: number, size: number, primitives: Primitives): Promise<Crowd> {
    const crowd = new Crowd(seed, primitives);
    const nat = crowd.#network.nat({ outside: OUTSIDE });
    const host = crowd.#network.host('10.0.0.2', { nat });
    const clients = Array.from({ length: size }, (_, number) => crowd.#newClient(host, number));
    crowd.#server = crowd.#newServer();
    await crowd.#server.start();
    for (const client of clients) {
      await client.start();
      await crowd.pass(10); // in a hundred a second, which needs no cookie
    }
    await crowd.pass(2000);
    return crowd;
  }

  get sessions(): number {
    return this.#server.relay.figures().sessions;
  }

  /** The errors that programs threw. */
  get faults(): unknown[] {
    return [this.#server, ...this.#clients].flatMap(({ faults }) => faults);
  }

  /** Lets time pass. */
  pass(ms: number): Promise<void> {
    return this.#network.clock.pass(ms);
  }

  /** Kills the server, and starts it again after this time. */
  async restartServer(afterMs: number): Promise<void> {
    this.#server.machine.kill();
    await this.pass(afterMs);
    this.connectedMs = [];
    this.#startedMs = this.#network.clock.nowMs;
    this.#server = this.#newServer();
    await this.#server.start();
  }

  /** Kills every client of which `isMeant`. */
  killClients(isMeant: (number: number) => boolean): void {
    for (const [number, { machine }] of this.#clients.entries()) if (isMeant(number)) machine.kill();
  }

  #machine(host: MemoryHost): MemoryMachine {
    return new MemoryMachine(host, new Random(Math.floor(this.#random.next() * 2 ** 32)));
  }

  #newServer(): ServerProcess {
    return new ServerProcess(
      this.#machine(this.#serverHost),
      { address: '0.0.0.0', port: SERVER.port },
      { staticKey: this.#serverKey, clients: this.#disk, primitives: this.#primitives },
      ({ kind }) => {
        if (kind === 'connected') this.connectedMs.push(this.#network.clock.nowMs - this.#startedMs);
      },
    );
  }

  #newClient(host: MemoryHost, number: number): ClientProcess {
    const machine = this.#machine(host);
    const { publicKey, privateKey } = generateKeyPair(machine.random);
    this.#disk.add(`client ${number}`, publicKey);
    const invitation = {
      clientPrivateKey: privateKey,
      serverPublicKey: this.#serverKey.publicKey,
      ...{ host: SERVER.address, port: SERVER.port, name: `client ${number}` },
    };
    const forward = {
      listen: { address: '127.0.0.1', port: 10_000 + number },
      target: { host: '203.0.113.5', port: 7 },
    };
    const client = new ClientProcess(machine, { invitation, primitives: this.#primitives, forward }, () => undefined);
    this.#clients.push(client);
    return client;
  }
}
