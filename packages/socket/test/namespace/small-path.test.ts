// test/surroundings.test.ts runs this in its own network namespace. Two more are made here: a
// router, whose far link has an MTU of 1280, and behind it a target that answers.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { UdpSocket } from '../../src/index.js';
import { kernelEngines } from '../engines.js';
import { numbered, payloads, received, reported } from '../exchange.js';

const PORT = 7000;
const ROUTES = { IPv4: '10.9.2.2', IPv6: 'fd09:2::2' };
/** Prints a line once it listens, and answers with the length, and the port that it saw. */
const TARGET = `
  const { createSocket } = require('node:dgram');
  const socket = createSocket('udp6');
  socket.on('message', (message, { port, address }) => socket.send(message.length + ' ' + port, port, address));
  socket.bind(${PORT}, () => console.log('listens'));
`;

const ip = (...words: string[]): void => void execFileSync('ip', words);

describe('a path with a small MTU behind a router', () => {
  const places: ChildProcess[] = [];

  beforeAll(async () => {
    const router = await startPlace(places, 'process.stdin.resume(); console.log("runs")');
    const target = await startPlace(places, TARGET);
    const inRouter = (...words: string[]): void => inside(router, ...words);
    ip('link', 'add', 'near', 'type', 'veth', 'peer', 'name', 'here', 'netns', String(router));
    inRouter('ip', 'link', 'add', 'there', 'type', 'veth', 'peer', 'name', 'far', 'netns', String(target));
    addresses((...words) => ip(...words), 'near', 1500, ['10.9.1.2/24', 'fd09:1::2/64']);
    addresses((...words) => inRouter('ip', ...words), 'here', 1500, ['10.9.1.1/24', 'fd09:1::1/64']);
    addresses((...words) => inRouter('ip', ...words), 'there', 1280, ['10.9.2.1/24', 'fd09:2::1/64']);
    addresses((...words) => inside(target, 'ip', ...words), 'far', 1280, ['10.9.2.2/24', 'fd09:2::2/64']);
    inRouter('sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1');
    for (const [family, near, there] of [
      ['-4', '10.9.1.1', '10.9.2.1'],
      ['-6', 'fd09:1::1', 'fd09:2::1'],
    ] as const) {
      ip(family, 'route', 'replace', 'default', 'via', near);
      inside(target, 'ip', family, 'route', 'replace', 'default', 'via', there);
    }
  });

  afterAll(() => {
    for (const place of places) place.kill('SIGKILL');
  });

  test.each(kernelEngines.filter(({ engine }) => engine === 'native'))(
    'is crossed in fragments, from the same port, without path MTU discovery on the engine $engine',
    async ({ create }) => {
      for (const isConnected of [true, false]) {
        forgetPaths();
        const target = { address: ROUTES.IPv4, port: PORT };
        const socket = create({ pathMtuDiscovery: false, ...(isConnected && { remote: target }) });
        await socket.open();
        for (const length of [1400, 100, 4000]) {
          const arriving = received(socket, 1);
          expect(socket.send(numbered(1, length), target)).toBe(true);
          expect(payloads(await arriving)).toEqual(payloads([Buffer.from(`${length} ${socket.local.port}`)]));
        }
        expect(socket.statistics).toMatchObject({ sentDatagrams: 3, sendFailures: 0, errors: {} });
        await socket.close();
      }
    },
  );

  test.each(kernelEngines.filter(({ engine }) => engine === 'native'))(
    'refuses the first large datagram of a socket that discovers the MTU of its path on the engine $engine',
    async ({ create }) => {
      forgetPaths();
      const socket = create({ remote: { address: ROUTES.IPv4, port: PORT } });
      await socket.open();
      const reporting = reported(socket);
      expect(socket.send(numbered(1, 1400))).toBe(true);
      expect(await reporting).toMatchObject({ error: { code: 'message-too-large', operation: 'icmp' } });
      await socket.close();
    },
  );

  // A router never cuts IPv6: its notice makes the host of the sender do so from then on.
  test.each(kernelEngines.filter(({ engine }) => engine === 'native'))(
    'loses only the first large datagram over IPv6, unreported without path MTU discovery on the engine $engine',
    async ({ create }) => {
      forgetPaths();
      const socket = create({ pathMtuDiscovery: false, remote: { address: ROUTES.IPv6, port: PORT } });
      await socket.open();
      socket.send(numbered(1, 1400));
      const answer = `1400 ${socket.local.port}`;
      expect(await answeredAtLast(socket, numbered(1, 1400))).toBe(answer);
      expect(socket.statistics).toMatchObject({ sendFailures: 0, errors: {} });
      await socket.close();
    },
  );
});

/** The kernel remembers the MTU of a path for minutes, whoever has learned it. */
function forgetPaths(): void {
  ip('-4', 'route', 'flush', 'cache');
  ip('-6', 'route', 'flush', 'cache');
}

/** Sends until there is an answer. Resolves to its text. */
async function answeredAtLast(socket: UdpSocket, datagram: Uint8Array): Promise<string> {
  const arriving = received(socket, 1);
  const repeating = setInterval(() => socket.send(datagram), 50);
  const [answer] = await arriving;
  clearInterval(repeating);
  return Buffer.from(answer?.bytes ?? []).toString();
}

/** Starts a program in a network of its own. Resolves to its process id once it has said so. */
async function startPlace(places: ChildProcess[], script: string): Promise<number> {
  const place = spawn('unshare', ['--net', process.execPath, '--eval', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  places.push(place);
  await once(place.stdout, 'data');
  const { pid = 0 } = place;
  expect(readlinkSync(`/proc/${pid}/ns/net`)).not.toBe(readlinkSync('/proc/self/ns/net'));
  return pid;
}

function inside(pid: number, ...words: string[]): void {
  execFileSync('nsenter', ['--target', String(pid), '--net', ...words]);
}

function addresses(ipThere: (...words: string[]) => void, device: string, mtu: number, list: readonly string[]): void {
  for (const address of list)
    ipThere('address', 'add', address, 'dev', device, ...(address.includes(':') ? ['nodad'] : []));
  ipThere('link', 'set', 'dev', device, 'mtu', String(mtu), 'up');
}
