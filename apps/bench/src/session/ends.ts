import type { DatagramBatch } from '@relay/packet';
import {
  ClientChannel,
  generateKeyPair,
  OFFSET_PATH_LOCAL,
  packPath,
  ServerChannel,
  type ClientEntry,
  type KeyPair,
  type PacketOut,
  type Primitives,
  type Session,
} from '@relay/session';

const SERVER = { address: '192.0.2.1', port: 7878 };
const packedServer = packPath(SERVER);
const packedClient = packPath({ address: '198.51.100.7', port: 40_000 });
/** The time of all events, in ms. */
export const NOW_MS = 1000;

/** A server and its clients, with a wire of arrays between them. */
export class Ends {
  readonly server: ServerChannel;
  readonly toClient: Uint8Array[] = [];
  readonly #toServer: Uint8Array[] = [];
  readonly #outToServer = outTo(this.#toServer);
  readonly #received = new OnePacket(packedClient);
  readonly #answered = new OnePacket(packedServer);
  readonly #serverKey: KeyPair = generateKeyPair();
  readonly #primitives: Primitives;
  /** All clients share one entry, so that the directory has no part in the measurement. */
  readonly #entry: ClientEntry = { name: 'client', limits: {}, newestTimestamp: 0n };

  constructor(primitives: Primitives) {
    this.#primitives = primitives;
    this.server = new ServerChannel({
      staticKey: this.#serverKey,
      clients: { lookup: () => this.#entry, recordTimestamp: () => undefined },
      wallClock: () => Date.now(),
      limits: { maxSessions: 200_000, handshakesPerSecond: 1e9 },
      primitives,
      out: outTo(this.toClient),
    });
  }

  newClient(): ClientChannel {
    return new ClientChannel({
      staticKey: generateKeyPair(),
      serverPublicKey: this.#serverKey.publicKey,
      server: SERVER,
      primitives: this.#primitives,
      out: this.#outToServer,
    });
  }

  /** Returns the first packet of a client that connects. */
  initiation(): Uint8Array {
    this.newClient().connect(NOW_MS, Date.now());
    return this.takeFromClients();
  }

  /** Returns the only packet that the clients have sent. */
  takeFromClients(): Uint8Array {
    const [packet, ...others] = this.#toServer.splice(0);
    if (packet === undefined || others.length > 0) throw new Error('one packet was expected');
    return packet;
  }

  /** Returns an established session of a client. With `alsoPing`, it has been kept alive once. */
  connect(alsoPing = false): Session {
    const client = this.newClient();
    client.connect(NOW_MS, Date.now());
    this.#exchange(client);
    const { session } = client;
    if (session === undefined) throw new Error('the handshake failed');
    if (alsoPing) session.ping(NOW_MS);
    this.#exchange(client);
    return session;
  }

  /** The server takes a packet, so many ms after the begin. */
  receive(bytes: Uint8Array, length: number, elapsedMs = 0): number {
    return take(this.server, this.#received.of(bytes, length), NOW_MS + elapsedMs);
  }

  /** Passes the packets of the server to a client. */
  answer(client: ClientChannel, bytes: Uint8Array): void {
    take(client, this.#answered.of(bytes, bytes.length));
  }

  #exchange(client: ClientChannel): void {
    while (this.#toServer.length + this.toClient.length > 0) {
      for (const bytes of this.#toServer.splice(0)) this.receive(bytes, bytes.length);
      for (const bytes of this.toClient.splice(0)) this.answer(client, bytes);
    }
  }
}

/** Receives the only packet of a batch and pulls all its frames and events, as the programs do. */
function take(channel: ClientChannel | ServerChannel, batch: DatagramBatch, nowMs = NOW_MS): number {
  const code = channel.receive(batch, 0, nowMs);
  while (channel.nextFrame(nowMs));
  while (channel.nextEvent() !== undefined);
  return code;
}

/** A batch of one packet, reused. */
class OnePacket implements DatagramBatch {
  readonly count = 1;
  bytes: Uint8Array = new Uint8Array(0);
  readonly offsets = Uint32Array.of(0);
  readonly lengths = Uint32Array.of(0);
  readonly sources: Uint8Array;
  readonly locals: Uint8Array;

  /** `path` is the packed path of the packet. */
  constructor(path: Uint8Array) {
    this.sources = path.subarray(0, OFFSET_PATH_LOCAL);
    this.locals = path.subarray(OFFSET_PATH_LOCAL);
  }

  of(bytes: Uint8Array, length: number): this {
    this.bytes = bytes;
    this.lengths[0] = length;
    return this;
  }
}

/** Puts a copy of each packet into an array. */
function outTo(packets: Uint8Array[]): PacketOut {
  const bytes = new Uint8Array(2048);
  return { bytes, reserve: () => 0, add: (length) => packets.push(bytes.slice(0, length)) };
}
