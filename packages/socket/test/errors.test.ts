import { describe, expect, test } from '@jest/globals';
import type { Endpoint } from '@relay/packet';
import type { SocketErrorCode, UdpSocket } from '../src/index.js';
import { engines, type EngineUnderTest } from './engines.js';
import { LOCALHOST, numbered, payloads, received, reported } from './exchange.js';

/** Returns a port of localhost that was just closed, so that no socket listens on it. */
async function closedPort({ create }: EngineUnderTest): Promise<Endpoint> {
  const socket = create({ local: LOCALHOST });
  await socket.open();
  await socket.close();
  return socket.local;
}

/** Expects that the socket still carries a datagram to itself. */
async function expectAlive(socket: UdpSocket): Promise<void> {
  const arriving = received(socket, 1);
  socket.send(numbered(1, 9), socket.local);
  expect(payloads(await arriving)).toEqual(payloads([numbered(1, 9)]));
}

const UNSENDABLE: readonly (readonly [string, number, Endpoint, SocketErrorCode])[] = [
  ['too large a datagram', 65508, { address: '127.0.0.1', port: 9 }, 'message-too-large'],
  ['a datagram to port 0', 1, { address: '127.0.0.1', port: 0 }, 'invalid-argument'],
  ['a datagram to IPv6 by an IPv4 socket', 1, { address: '::1', port: 9 }, 'invalid-argument'],
];

describe.each(engines)('a socket of the engine $engine', (engine) => {
  const { create } = engine;

  test.each(UNSENDABLE)('counts and reports %s, and lives on', async (_, length, destination, code) => {
    const socket = create({ local: LOCALHOST });
    await socket.open();
    const reporting = reported(socket);
    expect(socket.send(new Uint8Array(length), destination)).toBe(true);
    const { error, destination: reportedDestination } = await reporting;
    expect(error).toMatchObject({ name: 'SocketError', code, operation: 'send', datagrams: 1 });
    expect(reportedDestination?.port ?? destination.port).toBe(destination.port);
    expect(socket.statistics).toMatchObject({ sentDatagrams: 0, sendFailures: 1, errors: { [code]: 1 } });
    await expectAlive(socket);
    await socket.close();
  });

  test('reports a closed port if it is connected, and reaches the port when it opens again', async () => {
    const remote = await closedPort(engine);
    const client = create({ remote });
    await client.open();
    const reporting = reported(client);
    client.send(numbered(1, 5));
    expect(await reporting).toMatchObject({
      error: { code: 'connection-refused', operation: 'icmp', systemCode: 'ECONNREFUSED' },
      destination: remote,
    });
    expect(client.statistics.errors).toEqual({ 'connection-refused': 1 });
    const server = create({ local: remote });
    await server.open();
    const arriving = received(server, 1);
    client.send(numbered(2, 5));
    expect(payloads(await arriving)).toEqual(payloads([numbered(2, 5)]));
    await Promise.all([client.close(), server.close()]);
  });

  test('is not disturbed by a closed port if it is unconnected, and reports the destination if the engine can', async () => {
    const destination = await closedPort(engine);
    const socket = create({ local: LOCALHOST });
    await socket.open();
    const reporting = reported(socket);
    socket.send(numbered(1, 5), destination);
    // node:dgram does not ask the kernel for the errors of unconnected sockets.
    if (engine.engine !== 'dgram') {
      expect(await reporting).toMatchObject({ error: { code: 'connection-refused', operation: 'icmp' }, destination });
    }
    await expectAlive(socket);
    await socket.close();
  });

  test('cannot bind a used port, and can once the port is free', async () => {
    const first = create({ local: LOCALHOST });
    await first.open();
    const second = create({ local: first.local });
    await expect(second.open()).rejects.toMatchObject({
      name: 'SocketError',
      code: 'address-in-use',
      operation: 'open',
      systemCode: 'EADDRINUSE',
    });
    expect(second.state).toBe('closed');
    expect(second.send(numbered(1, 1), first.local)).toBe(false);
    await second.close();
    await first.close();
    const third = create({ local: first.local });
    await third.open();
    await third.close();
  });

  test('leaves the port of IPv4 free if it is bound to IPv6 alone, and not if it is bound to both', async () => {
    const both = create({ local: { address: '::', port: 0 } });
    await both.open();
    const taken = create({ local: { address: '0.0.0.0', port: both.local.port } });
    await expect(taken.open()).rejects.toMatchObject({ code: 'address-in-use' });
    await both.close();
    const alone = create({ local: { address: '::', port: both.local.port }, dualStack: false });
    await alone.open();
    const free = create({ local: { address: '0.0.0.0', port: both.local.port } });
    await free.open();
    await Promise.all([alone.close(), free.close()]);
  });

  test('cannot bind an address of another host', async () => {
    const socket = create({ local: { address: '203.0.113.77', port: 0 } });
    await expect(socket.open()).rejects.toMatchObject({ code: 'address-not-available' });
  });

  test('shares a port with other sockets that allow it, or reports that this is unsupported', async () => {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
    const first = create({ local: LOCALHOST, reusePort: true });
    if (engine.engine === 'dgram' && (major < 22 || (major === 22 && minor < 12))) {
      await expect(first.open()).rejects.toMatchObject({ code: 'unsupported', operation: 'open' });
      return;
    }
    await first.open();
    const second = create({ local: first.local, reusePort: true });
    await second.open();
    const alone = create({ local: first.local });
    await expect(alone.open()).rejects.toMatchObject({ code: 'address-in-use' });
    await Promise.all([first.close(), second.close()]);
  });

  // Chooses among four sockets: by two bits of a byte, or by a whole byte and its remainder by
  // four.
  test.each([
    [{ offset: 4, mask: 0x0300, shift: 8 }, 0],
    [{ offset: 4, mask: 0xff00, shift: 8, modulus: 4 }, 0xf8],
  ])('shares a port steered by the payload, or reports that this is unsupported: %j', async (steering, high) => {
    const options = { reusePort: true, steering };
    const first = create({ local: LOCALHOST, ...options });
    if (engine.engine === 'dgram') {
      await expect(first.open()).rejects.toMatchObject({ code: 'unsupported' });
      return;
    }
    await first.open();
    const others = [1, 2, 3].map(() => create({ local: first.local, ...options }));
    for (const other of others) await other.open();
    const sockets = [first, ...others];
    const sender = create({ local: LOCALHOST });
    await sender.open();
    const arriving = Promise.all(sockets.map((socket) => received(socket, 5)));
    for (let i = 0; i < 20; i++) sender.send(Uint8Array.of(9, 9, 9, 9, 0xff, high | (i % 4), 0xff, i), first.local);
    for (const [shard, datagrams] of (await arriving).entries()) {
      expect(datagrams.map(({ bytes }) => (bytes[5] ?? 0) % 4)).toEqual(Array(5).fill(shard));
    }
    // A datagram that is too short for the steering still reaches one of the sockets.
    const short = Promise.race(sockets.map((socket) => received(socket, 1)));
    sender.send(Uint8Array.of(1), first.local);
    expect(await short).toHaveLength(1);
    await Promise.all([...sockets, sender].map((socket) => socket.close()));
  });
});
