import { describe, expect, test } from '@jest/globals';
import type { Endpoint } from '@relay/packet';
import { generateKeyPair, loadPrimitives } from '@relay/session';
import { MemoryNetwork, Random } from '@relay/socket/testing';
import { Echo } from '../world/echo.js';
import { ClientsOnDisk } from '../world/memory-clients.js';
import { MemoryMachine } from '../world/memory-machine.js';
import { ServerProcess, unaccountedIn, type Events } from '../world/programs.js';
import { HostileClient } from './hostile-client.js';
import { HostileFrames } from './hostile-frames.js';
import { fuzzSeeds } from './seeds.js';

const SERVER: Endpoint = { address: '192.0.2.1', port: 7878 };
const ECHO: Endpoint = { address: '203.0.113.5', port: 7 };
/** Both of the echo's host and of one that does not exist. */
const REACHABLE = [
  { address: '203.0.113.0', prefix: 24 },
  { address: '2001:db8::', prefix: 32 },
];
const NAMES = new Map([['echo.example', [ECHO.address]]]);
const CLIENTS = 4;
const RUN_MS = 5000;
const DRAIN_MS = 2000;
/** Fewer than the requested flows, so that descriptors run out now and then. */
const SOCKETS = 40;

/** Endpoints that answer, that do not answer, that do not exist, and that no client may reach. */
const ENDPOINTS: readonly Endpoint[] = [
  ECHO,
  { ...ECHO, port: 8 },
  { address: '203.0.113.99', port: 7 },
  { address: '2001:db8::5', port: 7 },
  { address: '127.0.0.1', port: 7878 },
  { address: '::1', port: 53 },
  { address: 'fe80::1', port: 53 },
  { address: '224.0.0.1', port: 65_535 },
  SERVER,
];

async function attack(seed: number) {
  const network = new MemoryNetwork({ seed, delayMs: 5, lossRate: 0.01 });
  const random = new Random(seed ^ 0xf022);
  const primitives = await loadPrimitives();
  const newMachine = (address: string, maxSockets = Infinity): MemoryMachine =>
    new MemoryMachine(network.host(address, { maxSockets }), new Random(random.next() * 2 ** 32), NAMES);
  const machine = newMachine(SERVER.address, SOCKETS);
  const staticKey = generateKeyPair(machine.random);
  const onDisk = new ClientsOnDisk(REACHABLE);
  const keys = Array.from({ length: CLIENTS }, () => generateKeyPair(machine.random));
  for (const [i, { publicKey }] of keys.entries()) onDisk.add(`hostile ${i}`, publicKey);
  const events: Parameters<Events>[0][] = [];
  const server = new ServerProcess(
    machine,
    { address: '0.0.0.0', port: SERVER.port },
    { staticKey, clients: onDisk, primitives },
    (event) => events.push(event),
  );
  await server.start();
  await new Echo(network.host(ECHO.address), ECHO, () => undefined).open();
  const hostile = keys.map((key, i) => {
    const frames = new HostileFrames(random, ENDPOINTS, [...NAMES.keys(), 'nowhere.example']);
    return new HostileClient(newMachine(`198.51.100.${i + 1}`), random, frames, {
      ...{ staticKey: key, serverPublicKey: staticKey.publicKey, server: SERVER, primitives },
    });
  });
  for (const client of hostile) await client.start();
  await network.clock.pass(RUN_MS);
  for (const client of hostile) client.stop();
  await network.clock.pass(DRAIN_MS);
  const faults = [server, ...hostile].flatMap((program) => program.faults);
  return { server: server.relay, events, faults };
}

describe('authenticated clients that send anything', () => {
  test.each(fuzzSeeds(10))('do not harm the server, and every datagram is counted (seed %i)', async (seed) => {
    const { server, events, faults } = await attack(seed);
    expect(faults).toEqual([]);
    const { forward, flows } = server.figures();
    expect([forward.toTarget, forward.fromTarget].map(unaccountedIn)).toEqual([0, 0]);
    expect(forward.fromTarget.inDatagrams).toBeGreaterThan(0);

    const connected = events.filter(({ kind }) => kind === 'connected');
    const reasons = events.flatMap((event) => (event.kind === 'disconnected' ? [event.reason] : []));
    expect(connected.length - reasons.length).toBe(server.sessions().length);
    expect(reasons).toContain('protocol-error');
    expect(server.flows(Infinity)).toHaveLength(flows);
    // The server still works: nothing that it received has stopped it.
    expect(server.socket.state).toBe('open');
  });
});
