import { describe, expect, test } from '@jest/globals';
import type { Endpoint } from '@relay/packet';
import { KnownClients } from '@relay/relay';
import { generateKeyPair, loadPrimitives } from '@relay/session';
import { MemoryNetwork, Random, type MemoryHost } from '@relay/socket/testing';
import { Echo } from '../world/echo.js';
import { ClientsOnDisk } from '../world/memory-clients.js';
import { MemoryMachine } from '../world/memory-machine.js';
import { ClientProcess, unaccountedIn, type Events } from '../world/programs.js';
import { HostileFrames } from './hostile-frames.js';
import { HostileServer } from './hostile-server.js';
import { fuzzSeeds } from './seeds.js';

const SERVER: Endpoint = { address: '192.0.2.1', port: 7878 };
const LISTEN: Endpoint = { address: '127.0.0.1', port: 5007 };
const TARGET_NAME = 'echo.example';
const SERVICE: Endpoint = { address: '127.0.0.1', port: 9000 };
/** The server sends datagrams to the port of the first. */
const PUBLISHED = [
  { ...{ first: SERVER.port, last: SERVER.port }, address: '::' },
  { ...{ first: 0, last: 0 }, address: SERVER.address },
].map((ports) => {
  const local = { host: SERVICE.address, first: SERVICE.port, last: SERVICE.port };
  return { public: ports, local, idle: 5000, maxFlows: 20, allow: [], deny: [] };
});
const SOURCES = 6;
const SEND_EVERY_MS = 50;
const LARGEST_BYTES = 3000;
/** A client avoids a server that breaks the protocol for 10 s. */
const RUN_MS = 60_000;
const DRAIN_MS = 2000;

/** Applications that send datagrams and take all that arrive. */
class Sources {
  sent = 0;
  received = 0;
  isSending = true;

  async open(host: MemoryHost, random: Random): Promise<void> {
    const { clock } = host.network;
    for (let i = 0; i < SOURCES; i++) {
      const socket = host.createSocket({ local: { address: '127.0.0.1', port: 0 } });
      socket.onReceive = ({ count }) => (this.received += count);
      await socket.open();
      const sendAgain = (): void => {
        if (!this.isSending) return;
        this.sent++;
        socket.send(new Uint8Array(Math.floor(random.next() * (random.chance(0.1) ? LARGEST_BYTES : 100))), LISTEN);
        clock.schedule(random.next() * 2 * SEND_EVERY_MS, sendAgain);
      };
      sendAgain();
    }
  }
}

async function attack(seed: number) {
  const network = new MemoryNetwork({ seed, delayMs: 5, lossRate: 0.01 });
  const random = new Random(seed ^ 0xc11e);
  const primitives = await loadPrimitives();
  const newMachine = (host: MemoryHost): MemoryMachine => new MemoryMachine(host, new Random(random.next() * 2 ** 32));
  const host = network.host('198.51.100.7');
  const serverMachine = newMachine(network.host(SERVER.address));
  const [serverKey, clientKey] = [generateKeyPair(serverMachine.random), generateKeyPair(serverMachine.random)];
  const onDisk = new ClientsOnDisk([]);
  onDisk.add('tester', clientKey.publicKey);
  const clients = new KnownClients(serverMachine.wallClock);
  clients.apply(onDisk.read());
  const server = new HostileServer(
    serverMachine,
    random,
    new HostileFrames(random, [LISTEN, SERVER, { address: '::1', port: 1 }], [TARGET_NAME]),
    SERVER,
    { staticKey: serverKey, clients, primitives },
  );
  const events: Parameters<Events>[0][] = [];
  const client = new ClientProcess(
    newMachine(host),
    {
      primitives,
      publish: PUBLISHED,
      forward: { listen: LISTEN, target: { host: random.chance(0.5) ? TARGET_NAME : '203.0.113.5', port: 7 } },
      invitation: {
        clientPrivateKey: clientKey.privateKey,
        serverPublicKey: serverKey.publicKey,
        ...{ host: SERVER.address, port: SERVER.port, name: 'tester' },
      },
    },
    (event) => events.push(event),
  );
  let served = 0;
  await new Echo(host, SERVICE, () => served++).open();
  const sources = new Sources();
  await server.start();
  await client.start();
  await sources.open(host, random);
  await network.clock.pass(RUN_MS);
  sources.isSending = false;
  server.stop();
  await network.clock.pass(DRAIN_MS);
  return { client, sources, served, events, faults: [...client.faults, ...server.faults] };
}

describe('a server that sends anything', () => {
  test.each(fuzzSeeds(10))('does not harm its client, and every datagram is counted (seed %i)', async (seed) => {
    const { client, sources, served, events, faults } = await attack(seed);
    expect(faults).toEqual([]);
    const { toTarget, fromTarget } = client.forward;
    expect([toTarget, fromTarget].map(unaccountedIn)).toEqual([0, 0]);
    const published = client.publish;
    expect([published.toTarget, published.fromTarget].map(unaccountedIn)).toEqual([0, 0]);
    expect(published.toTarget.outDatagrams).toBe(served);
    expect(served).toBeGreaterThan(0);
    expect(toTarget.inDatagrams).toBe(sources.sent);
    expect(fromTarget.outDatagrams).toBe(sources.received);

    const connected = events.filter(({ kind }) => kind === 'connected').length;
    const ended = events.filter(({ kind }) => kind === 'disconnected').length;
    expect(connected).toBeGreaterThan(0);
    expect(connected - ended).toBe(client.relay.channel.session === undefined ? 0 : 1);
    expect(client.relay.socket.state).toBe('open');
  });
});
