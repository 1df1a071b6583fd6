/**
 * The minimal UDP proxy over @relay/socket: one listening socket, a connected upstream socket for
 * each client, and batches that pass from one to the other. It has no policy and no timeouts, so it
 * shows the cost of the package in comparison with C.
 *
 * usage: node proxy.js LISTEN_PORT TARGET_PORT [native|dgram]
 */
import { copyPackedEndpoint, equalPackedEndpoints, EndpointMap, PACKED_ENDPOINT_BYTES } from '@relay/packet';
import { createSocket, type ReceiveBatch, type SendBatch, type UdpSocket } from '@relay/socket';

const [listenPort, targetPort, engine] = process.argv.slice(2);
const ENGINE = engine === 'dgram' ? 'dgram' : 'native';
const BUFFER_BYTES = 8 << 20;
const HOST = '127.0.0.1';

const listener = createSocket({
  engine: ENGINE,
  local: { address: HOST, port: Number(listenPort) },
  receiveBufferBytes: BUFFER_BYTES,
});
const upstreams = new EndpointMap<UdpSocket>();
const forward: SendBatch = emptyBatch(listener.maxBatch);
const reply: SendBatch & { destinations: Uint8Array } = {
  ...emptyBatch(listener.maxBatch),
  destinations: new Uint8Array(listener.maxBatch * PACKED_ENDPOINT_BYTES),
};

listener.onReceive = forwardAll;
await listener.open();

/** Sends each run of datagrams of one client through that client's upstream socket. */
function forwardAll({ count, bytes, offsets, lengths, sources }: ReceiveBatch): void {
  forward.bytes = bytes;
  for (let i = 0; i < count;) {
    const client = i * PACKED_ENDPOINT_BYTES;
    const upstream = upstreams.get(sources, client) ?? newUpstream(sources, client);
    forward.count = 0;
    do {
      forward.offsets[forward.count] = offsets[i] ?? 0;
      forward.lengths[forward.count++] = lengths[i++] ?? 0;
    } while (i < count && equalPackedEndpoints(sources, client, sources, i * PACKED_ENDPOINT_BYTES));
    upstream.sendBatch(forward);
  }
}

function newUpstream(sources: Uint8Array, offset: number): UdpSocket {
  const client = sources.slice(offset, offset + PACKED_ENDPOINT_BYTES);
  const upstream = createSocket({
    engine: ENGINE,
    remote: { address: HOST, port: Number(targetPort) },
    receiveBufferBytes: BUFFER_BYTES,
  });
  upstream.onReceive = (batch) => replyAll(batch, client);
  void upstream.open();
  upstreams.set(client, 0, upstream);
  return upstream;
}

function replyAll({ count, bytes, offsets, lengths }: ReceiveBatch, client: Uint8Array): void {
  reply.bytes = bytes;
  reply.count = count;
  for (let i = 0; i < count; i++) {
    reply.offsets[i] = offsets[i] ?? 0;
    reply.lengths[i] = lengths[i] ?? 0;
    copyPackedEndpoint(client, 0, reply.destinations, i * PACKED_ENDPOINT_BYTES);
  }
  listener.sendBatch(reply);
}

function emptyBatch(datagrams: number): SendBatch {
  return {
    bytes: new Uint8Array(0),
    count: 0,
    offsets: new Uint32Array(datagrams),
    lengths: new Uint32Array(datagrams),
  };
}
