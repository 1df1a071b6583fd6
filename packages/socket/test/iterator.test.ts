import { describe, expect, test } from '@jest/globals';
import { MemoryNetwork } from '../src/testing/index.js';
import type { ReceivedDatagram, UdpSocket } from '../src/index.js';

const SERVER = '192.0.2.1';

async function pair() {
  const network = new MemoryNetwork();
  const server = network.host(SERVER).createSocket({ local: { address: SERVER, port: 9 } });
  const client = network.host('192.0.2.2').createSocket({ remote: { address: SERVER, port: 9 } });
  await Promise.all([server.open(), client.open()]);
  const send = (...texts: string[]): void => {
    for (const text of texts) client.send(Buffer.from(text));
    network.clock.runUntilIdle();
  };
  return { server, client, send };
}

const textOf = ({ bytes }: ReceivedDatagram): string => Buffer.from(bytes).toString();
const iterate = (socket: UdpSocket): AsyncIterator<ReceivedDatagram> => socket[Symbol.asyncIterator]();

describe('the iterator over the datagrams of a socket', () => {
  test('gives each as a copy with its source, in order, and also the waiting ones after the socket closed', async () => {
    const { server, client, send } = await pair();
    const datagrams = iterate(server);
    send('one', 'two');
    const first = await datagrams.next();
    expect(first.value).toMatchObject({ source: { address: '192.0.2.2', port: client.local.port } });
    expect(textOf(first.value as ReceivedDatagram)).toBe('one');
    send('three');
    await server.close();
    const rest: string[] = [];
    for (let next = await datagrams.next(); next.done !== true; next = await datagrams.next())
      rest.push(textOf(next.value));
    expect(rest).toEqual(['two', 'three']);
    expect(await datagrams.next()).toEqual({ done: true, value: undefined });
    await client.close();
  });

  test('waits for the next datagram, and ends when the socket does', async () => {
    const { server, send } = await pair();
    const datagrams = iterate(server);
    const first = datagrams.next();
    send('late');
    expect(textOf((await first).value as ReceivedDatagram)).toBe('late');
    const last = datagrams.next();
    await server.close();
    expect(await last).toEqual({ done: true, value: undefined });
  });

  test('lets 1,024 datagrams wait for a slow reader, and counts the others as dropped', async () => {
    const { server, send } = await pair();
    const datagrams = iterate(server);
    send(...Array.from({ length: 1030 }, (_, i) => `${i}`));
    expect(server.statistics).toMatchObject({ receivedDatagrams: 1030, queueDrops: 6 });
    await server.close();
    let last = '';
    let count = 0;
    for (let next = await datagrams.next(); next.done !== true; next = await datagrams.next()) {
      last = textOf(next.value);
      count++;
    }
    expect([count, last]).toEqual([1024, '1023']);
  });

  test('gives the socket back to its callback when the reader stops', async () => {
    const { server, send } = await pair();
    let called = 0;
    server.onReceive = ({ count }) => (called += count);
    for await (const datagram of { [Symbol.asyncIterator]: () => iterateAfter(server, () => send('one', 'two')) }) {
      expect(textOf(datagram)).toBe('one');
      break;
    }
    expect(called).toBe(0);
    send('three');
    expect(called).toBe(1);
    await server.close();
  });
});

function iterateAfter(socket: UdpSocket, act: () => void): AsyncIterator<ReceivedDatagram> {
  const iterator = iterate(socket);
  act();
  return iterator;
}
