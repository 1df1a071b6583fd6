/**
 * The same proxy over node:dgram as anybody would write it: what the engine `dgram` is compared with.
 *
 * usage: node plain-proxy.js LISTEN_PORT TARGET_PORT
 */
import { createSocket } from 'node:dgram';

const [listenPort, targetPort] = process.argv.slice(2).map(Number);
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

/** Connected, which is cheaper than naming the target at every send. What comes before it is connected is lost. */
function newUpstream(client: string, address: string, port: number): Upstream {
  const socket = createSocket('udp4');
  const upstream: Upstream = { send: () => undefined };
  socket.on('message', (reply) => listener.send(reply, port, address));
  socket.bind(0, () => {
    socket.setRecvBufferSize(BUFFER_BYTES);
    socket.connect(targetPort ?? 0, HOST, () => (upstream.send = (message) => socket.send(message)));
  });
  upstreams.set(client, upstream);
  return upstream;
}
