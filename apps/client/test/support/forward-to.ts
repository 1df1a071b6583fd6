import { ClientShard } from '@relay/relay';
import { generateKeyPair, nodePrimitives } from '@relay/session';
import { createSocket } from '@relay/socket';
import { Forward } from '../../src/mapping/forward.js';

const shard = new ClientShard({
  channel: { staticKey: generateKeyPair(), serverPublicKey: generateKeyPair().publicKey, primitives: nodePrimitives },
  socket: { sendBatch: ({ count }) => count },
  openSocket: createSocket,
  serviceSocket: {},
  clock: () => 0,
  settleSoon: () => undefined,
  ranOut: () => undefined,
});

/** Makes a forward to these ports of `host`. Its sockets are not open. */
export function forwardTo(host: string, first = 53, last = first): Forward {
  const ports = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const sockets = ports.map((port) => createSocket({ local: { address: '127.0.0.1', port } }));
  return new Forward({ target: { host, first, last }, idle: 120_000, maxFlows: 10 }, sockets, shard);
}
