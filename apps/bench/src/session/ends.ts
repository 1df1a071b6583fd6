import {
  ClientChannel,
  generateKeyPair,
  KEY_BYTES,
  packPath,
  ServerChannel,
  type ClientEntry,
  type KeyPair,
  type Primitives,
  type Session,
} from '@relay/session';

const SERVER = { address: '192.0.2.1', port: 7878 };
const serverPath = packPath(SERVER);
const clientPath = packPath({ address: '198.51.100.7', port: 40_000 });
/** All that happens, happens at this time. */
export const NOW_MS = 1000;

/** A server, and clients of it, with a wire of arrays between them. */
export class Ends {
  readonly server: ServerChannel;
  readonly serverPath = serverPath;
  readonly toClient: Uint8Array[] = [];
  readonly #toServer: Uint8Array[] = [];
  readonly #serverKey: KeyPair = generateKeyPair();
  readonly #primitives: Primitives;
  /** One entry for all clients, so that the directory takes no part in what is measured. */
  readonly #entry: ClientEntry = { name: 'client', limits: {}, newestTimestamp: 0n };

  constructor(primitives: Primitives) {
    this.#primitives = primitives;
    this.server = new ServerChannel({
      staticKey: this.#serverKey,
      clients: { lookup: () => this.#entry, recordTimestamp: () => undefined },
      resetSecret: new Uint8Array(KEY_BYTES),
      limits: { maxSessions: 200_000, handshakesPerSecond: 1e9 },
      primitives,
      onPacket: (bytes, offset, length) => this.toClient.push(bytes.slice(offset, offset + length)),
      onFrame: () => undefined,
      onEvent: () => undefined,
    });
  }

  newClient(): ClientChannel {
    return new ClientChannel({
      staticKey: generateKeyPair(),
      serverPublicKey: this.#serverKey.publicKey,
      server: SERVER,
      primitives: this.#primitives,
      onPacket: (bytes, offset, length) => this.#toServer.push(bytes.slice(offset, offset + length)),
      onFrame: () => undefined,
      onEvent: () => undefined,
    });
  }

  /** What a client that connects sends first. */
  initiation(): Uint8Array {
    this.newClient().connect(NOW_MS, Date.now());
    return this.takeFromClients();
  }

  /** The only packet that clients have sent. */
  takeFromClients(): Uint8Array {
    const [packet, ...others] = this.#toServer.splice(0);
    if (packet === undefined || others.length > 0) throw new Error('one packet was expected');
    return packet;
  }

  /** A session that stands, at the client. `alsoPing`: and has been kept alive once. */
  connect(alsoPing = false): Session {
    const client = this.newClient();
    client.connect(NOW_MS, Date.now());
    this.#settle(client);
    const { session } = client;
    if (session === undefined) throw new Error('the handshake failed');
    if (alsoPing) session.ping(NOW_MS);
    this.#settle(client);
    return session;
  }

  receive(bytes: Uint8Array, length: number): number {
    return this.server.receive(bytes, 0, length, clientPath, 0, NOW_MS);
  }

  #settle(client: ClientChannel): void {
    while (this.#toServer.length + this.toClient.length > 0) {
      for (const bytes of this.#toServer.splice(0)) this.receive(bytes, bytes.length);
      for (const bytes of this.toClient.splice(0)) client.receive(bytes, 0, bytes.length, serverPath, 0, NOW_MS);
    }
  }
}
