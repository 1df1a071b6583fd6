/** A client with an invitation that sends any frames it likes, sealed as they should be. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { packEndpoint, PACKED_ENDPOINT_BYTES, encodeAddressedHeader, encodeCompactHeader } from '@relay/packet';
import { ClientChannel, keyPairOf, loadPrimitives, PACKED_PATH_BYTES, packPath, parseInvitation } from '@relay/session';

const BUFFER_BYTES = 4 << 20;
const CONNECTED_WITHIN_MS = 8000;

export const nowMs = () => performance.now();
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export function packed(endpoint) {
  const bytes = new Uint8Array(PACKED_ENDPOINT_BYTES);
  packEndpoint(endpoint, bytes, 0);
  return bytes;
}

export class Channel {
  packetsIn = 0;
  bytesIn = 0;
  bytesOut = 0;
  /** Takes each frame of the relay that comes: its type, and its bytes. */
  onFrame = () => undefined;
  #socket;
  #server;
  #timer;

  static async open(invitation) {
    const channel = new Channel();
    await channel.#open(parseInvitation(invitation));
    return channel;
  }

  async #open({ host, port, clientPrivateKey, serverPublicKey }) {
    this.#server = { address: host, port };
    const bytes = new Uint8Array(1 << 17);
    const out = {
      bytes,
      reserve: () => 0,
      add: (length) => {
        this.bytesOut += length;
        this.#socket.send(bytes.slice(0, length), port, host);
      },
    };
    this.channel = new ClientChannel({
      ...{ staticKey: keyPairOf(clientPrivateKey), serverPublicKey, server: this.#server, out },
      primitives: await loadPrimitives(),
    });
    this.#socket = createSocket({ type: 'udp4', recvBufferSize: BUFFER_BYTES, sendBufferSize: BUFFER_BYTES });
    this.#socket.on('message', (message) => this.#take(message)).on('error', () => undefined);
    this.#socket.bind(0, '127.0.0.1');
    await once(this.#socket, 'listening');
    this.channel.connect(nowMs(), Date.now());
    this.#timer = setInterval(() => this.channel.nextWakeMs <= nowMs() && this.channel.wake(nowMs()), 5);
    const untilMs = nowMs() + CONNECTED_WITHIN_MS;
    while (this.session?.peerParameters === undefined) {
      if (nowMs() > untilMs) throw new Error('no session');
      await sleep(5);
    }
  }

  get session() {
    return this.channel.session;
  }

  /** Sends a packet of the frames that `write(bytes, at)` writes; it returns their end. */
  send(write) {
    const bytes = new Uint8Array(2048);
    return this.session?.sendFrames(bytes, 0, write(bytes, 0), nowMs());
  }

  /** A datagram that names its flow's endpoints. */
  addressed(id, source, target, payload) {
    const endpoints = { source: packed(source), destination: packed(target) };
    this.send((bytes, at) => {
      const start = encodeAddressedHeader(bytes, at, id, endpoints, payload.length);
      bytes.set(payload, start);
      return start + payload.length;
    });
  }

  /** A datagram of a flow that both sides know. */
  compact(id, payload) {
    this.send((bytes, at) => {
      const start = encodeCompactHeader(bytes, at, id);
      bytes.set(payload, start);
      return start + payload.length;
    });
  }

  close() {
    clearInterval(this.#timer);
    this.#socket.close();
  }

  #take(message) {
    this.packetsIn++;
    this.bytesIn += message.length;
    const path = packPath(this.#server);
    const batch = {
      ...{ count: 1, bytes: Uint8Array.from(message), offsets: Uint32Array.of(0) },
      lengths: Uint32Array.of(message.length),
      sources: path.subarray(0, PACKED_ENDPOINT_BYTES),
      locals: path.subarray(PACKED_ENDPOINT_BYTES, PACKED_PATH_BYTES),
    };
    this.channel.receive(batch, 0, nowMs());
    while (this.channel.nextFrame(nowMs())) this.onFrame(this.channel.frame);
    while (this.channel.nextEvent() !== undefined);
  }
}
