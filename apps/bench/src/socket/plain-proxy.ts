/**
 * The same proxy over node:dgram, as most people would write it. It is the reference for the engine
 * `dgram`.
 *
 * usage: node plain-proxy.js LISTEN_PORT TARGET_PORT [connected]
 */
import { createSocket } from 'node:dgram';

const [listenPort, targetPort] = process.argv.slice(2, 4).map(Number);
const isConnected = process.argv[4] === 'connected';
const BUFFER_BYTES = 8 << 20;
const HOST = '127.0.0.1';

const listener = createSocket('udp4');
const upstreams = new Map<string, Upstream>();

interface Upstream {
  send: (message: Uint8Array) => void;
}

listener.on('message', (message, { address, port }) => {
  const client = `${address}:${port}`;
  const upstream = upstreams.get(client) ?? newUpstream(client, address, port);
  upstream.send(message);
});
listener.bind(listenPort, HOST, () => listener.setRecvBufferSize(BUFFER_BYTES));

/**
 * A connected socket is cheaper than a socket that names the target at every send. It loses
 * datagrams that come before it is connected.
 */
function newUpstream(client: string, address: string, port: number): Upstream {
  const socket = createSocket('udp4');
  const upstream: Upstream = { send: () => undefined };
  socket.on('message', (reply) => listener.send(reply, port, address));
  socket.bind(0, () => {
    socket.setRecvBufferSize(BUFFER_BYTES);
    if (isConnected) socket.connect(targetPort ?? 0, HOST, () => (upstream.send = (message) => socket.send(message)));
    else upstream.send = (message) => socket.send(message, targetPort, HOST);
  });
  upstreams.set(client, upstream);
  return upstream;
}
