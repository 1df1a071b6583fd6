import { describe, expect, test } from '@jest/globals';
import { SocketError, type SocketOptions, type UdpSocket } from '@relay/socket';
import { MemoryNetwork } from '@relay/socket/testing';
import { openPorts } from '../src/open-ports.js';
import { ProgramFailure } from '../src/exit-code.js';
import { ListenFailure } from '../src/listen-failure.js';

const endpoints = (address: string, first: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({ address, port: first + i }));

/** Nothing else has to be done. */
const AT_ONCE = { turn: () => Promise.resolve() };

function newHost(maxSockets = Infinity) {
  const host = new MemoryNetwork().host('192.0.2.1', { maxSockets });
  const made: UdpSocket[] = [];
  const options: SocketOptions[] = [];
  const openSocket = (given: SocketOptions): UdpSocket => {
    const socket = host.createSocket(given);
    options.push(given);
    made.push(socket);
    return socket;
  };
  return { host, made, options, openSocket };
}

describe('openPorts', () => {
  test('opens a range of thousands of ports, in order', async () => {
    const { openSocket } = newHost();
    const sockets = await openPorts(endpoints('127.0.0.1', 20_000, 3000), openSocket, AT_ONCE);
    expect(sockets.map(({ local }) => local.port)).toEqual(Array.from({ length: 3000 }, (_, i) => 20_000 + i));
    expect(sockets.every(({ state }) => state === 'open')).toBe(true);
  });

  test('opens all or none, and names the first port that cannot be opened', async () => {
    const { host, made, openSocket } = newHost();
    for (const port of [20_150, 20_130]) await host.createSocket({ local: { address: '127.0.0.1', port } }).open();
    const opening = openPorts(endpoints('127.0.0.1', 20_000, 200), openSocket, AT_ONCE);
    await expect(opening).rejects.toThrow(ProgramFailure);
    await expect(opening).rejects.toThrow(ListenFailure);
    await expect(opening).rejects.toMatchObject({
      endpoint: { address: '127.0.0.1', port: 20_130 },
      code: 'address-in-use',
    });
    await expect(opening).rejects.toThrow('cannot listen on 127.0.0.1:20130: the address is in use');
    expect(made.every(({ state }) => state === 'closed')).toBe(true);
  });

  test('names a port whose socket cannot even be made', async () => {
    const openSocket = (): never => {
      throw new SocketError('engine-unavailable', 'create');
    };
    await expect(openPorts(endpoints('127.0.0.1', 20_000, 1), openSocket, AT_ONCE)).rejects.toThrow(
      'cannot listen on 127.0.0.1:20000: the native engine is not available (--engine dgram works everywhere)',
    );
  });

  test('leaves nothing open if descriptors run out', async () => {
    const { made, openSocket } = newHost(100);
    await expect(openPorts(endpoints('127.0.0.1', 20_000, 300), openSocket, AT_ONCE)).rejects.toThrow('ulimit -n');
    expect(made.every(({ state }) => state === 'closed')).toBe(true);
  });

  test('reports the local address of a datagram where it listens on all addresses', async () => {
    const { options, openSocket } = newHost();
    await openPorts([...endpoints('0.0.0.0', 20_000, 1), ...endpoints('127.0.0.1', 20_001, 1)], openSocket, AT_ONCE);
    expect(options.map(({ receiveLocals }) => receiveLocals)).toEqual([true, false]);
  });

  test('opens ports whose answers routers may cut into fragments', async () => {
    const { options, openSocket } = newHost();
    await openPorts(endpoints('127.0.0.1', 20_000, 1), openSocket, AT_ONCE);
    expect(options).toMatchObject([{ pathMtuDiscovery: false }]);
  });
});
