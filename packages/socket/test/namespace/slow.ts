import { execFileSync } from 'node:child_process';
import type { SocketOptions, UdpSocket } from '../../src/index.js';
import type { EngineUnderTest } from '../engines.js';
import { LOCALHOST, numbered } from '../exchange.js';

/** Sets the queueing of the loopback in this network namespace. */
export function qdisc(...words: string[]): void {
  execFileSync('tc', ['qdisc', 'replace', 'dev', 'lo', 'root', ...words]);
}

/**
 * Makes a socket, and one whose kernel buffer is soon full. The second one is connected to the
 * first if asked.
 */
export async function slowPair(
  { create }: EngineUnderTest,
  options: SocketOptions,
  isConnected = false,
): Promise<[UdpSocket, UdpSocket]> {
  qdisc('tbf', 'rate', '2mbit', 'burst', '2000', 'limit', '1000000');
  const server = create({ local: LOCALHOST, receiveBufferBytes: 4 << 20 });
  await server.open();
  const client = create({ sendBufferBytes: 4096, ...(isConnected && { remote: server.local }), ...options });
  await client.open();
  return [server, client];
}

/** Sends datagrams of 1,000 bytes until the kernel takes no more. Returns those that it took. */
export function fillKernel(client: UdpSocket, server: UdpSocket): Uint8Array[] {
  const taken: Uint8Array[] = [];
  for (;;) {
    const datagram = numbered(taken.length, 1000);
    const isAccepted = client.send(datagram, server.local);
    if (!isAccepted) return taken;
    taken.push(datagram);
    if (client.queuedBytes > 0) return taken;
  }
}
