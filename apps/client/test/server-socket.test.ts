import { describe, expect, test } from '@jest/globals';
import { MemoryNetwork } from '@relay/socket/testing';
import { ServerSocket } from '../src/server-socket.js';

const SERVER = { address: '192.0.2.1', port: 7878 };

describe('the socket to the server', () => {
  test('counts what all its ports have sent and received, and nothing else', async () => {
    const network = new MemoryNetwork();
    const [host, serverHost] = [network.host('198.51.100.7'), network.host(SERVER.address)];
    const server = serverHost.createSocket({ local: SERVER });
    const ports = new Set<number>();
    server.onReceive = () => undefined;
    await server.open();
    const socket = new ServerSocket({
      host: SERVER.address,
      openSocket: (options) => host.createSocket(options),
      onReceive: () => undefined,
      onKernelDrops: () => undefined,
      onError: () => undefined,
    });
    await socket.open();
    for (let i = 0; i < 3; i++) {
      const { local } = socket.socket;
      ports.add(local.port);
      socket.socket.send(Buffer.from('there'), SERVER);
      server.send(Buffer.from('back'), { ...local, address: '198.51.100.7' });
      await network.clock.pass(100);
      await socket.renew();
    }
    expect(ports.size).toBe(3);
    expect(socket.statistics).toEqual({
      ...{ receivedDatagrams: 3, receivedBytes: 12, sentDatagrams: 3, sentBytes: 15 },
      ...{ queueDrops: 0, sendFailures: 0, kernelDrops: 0 },
    });
    await socket.close();
  });
});
