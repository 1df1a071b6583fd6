/**
 * The same proxy over node:dgram as anybody would write it: what the engine `dgram` is compared with.
 *
 * usage: node plain-proxy.js LISTEN_PORT TARGET_PORT
 */
import { createSocket, type Socket } from 'node:dgram';

const [listenPort, targetPort] = process.argv.slice(2).map(Number);
const BUFFER_BYTES = 8 << 20;
const HOST = '127.0.0.1';

const listener = createSocket('udp4');
const upstreams = new Map<string, Socket>();

listener.on('message', (message, { address, port }) => {
  const client = `${address}:${port}`;
  const upstream = upstreams.get(client) ?? newUpstream(client, address, port);
  upstream.send(message, targetPort, HOST);
});
listener.bind(listenPort, HOST, () => listener.setRecvBufferSize(BUFFER_BYTES));

function newUpstream(client: string, address: string, port: number): Socket {
  const upstream = createSocket('udp4');
  upstream.on('message', (reply) => listener.send(reply, port, address));
  upstream.bind(0, () => upstream.setRecvBufferSize(BUFFER_BYTES));
  upstreams.set(client, upstream);
  return upstream;
}
