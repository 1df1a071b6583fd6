import {
  ClientChannel,
  generateKeyPair,
  PACKED_PATH_BYTES,
  packPath,
  ServerChannel,
  type ClientChannelOptions,
  type ClientDirectory,
  type ClientEntry,
  type KeyPair,
  type ServerChannelOptions,
  type Session,
  type SessionEvent,
} from '../src/index.js';

/** A packet on its way. */
export interface Sent {
  readonly bytes: Uint8Array;
  readonly destination: Uint8Array;
}

/** A directory in memory. */
export class MemoryDirectory implements ClientDirectory {
  readonly entries = new Map<string, ClientEntry>();
  lookup(publicKey: Uint8Array): ClientEntry | undefined {
    return this.entries.get(Buffer.from(publicKey).toString('hex'));
  }
  recordTimestamp(publicKey: Uint8Array, newestTimestamp: bigint): void {
    const entry = this.lookup(publicKey);
    if (entry !== undefined) this.add(publicKey, { ...entry, newestTimestamp });
  }
  add(publicKey: Uint8Array, entry: Partial<ClientEntry> = {}): void {
    this.entries.set(Buffer.from(publicKey).toString('hex'), {
      name: 'client',
      limits: {},
      newestTimestamp: 0n,
      ...entry,
    });
  }
  remove(publicKey: Uint8Array): void {
    this.entries.delete(Buffer.from(publicKey).toString('hex'));
  }
}

/** What came to one end. */
export interface End {
  readonly sent: Sent[];
  readonly events: SessionEvent[];
  readonly frames: { readonly session: Session; readonly type: number; readonly bytes: Uint8Array }[];
}

function newEnd(): End & Pick<ClientChannelOptions, 'onPacket' | 'onFrame' | 'onEvent'> {
  const end: End = { sent: [], events: [], frames: [] };
  return {
    ...end,
    onPacket: (bytes, offset, length, destination, destinationOffset) => {
      end.sent.push({
        bytes: bytes.slice(offset, offset + length),
        destination: destination.slice(destinationOffset, destinationOffset + PACKED_PATH_BYTES),
      });
    },
    onFrame: (session, type, bytes, offset, end_) => {
      end.frames.push({ session, type, bytes: bytes.slice(offset, end_) });
    },
    onEvent: (event) => {
      end.events.push(event);
    },
  };
}

export const SERVER_ENDPOINT = { address: '192.0.2.1', port: 7878 };
export const packedServer = packed('192.0.2.1', 7878);
export const packedClient = packed('198.51.100.7', 40_000);

/** The packed path to an endpoint, on which the system chooses this side's address. */
export function packed(address: string, port: number): Uint8Array {
  return packPath({ address, port });
}

/**
 * A client and a server of one invitation, and a wire between them that loses nothing and takes no
 * time.
 */
export class TwoEnds {
  nowMs = 1_000_000;
  wallMs = 1_790_000_000_000;
  readonly serverKey: KeyPair = generateKeyPair();
  readonly clientKey: KeyPair = generateKeyPair();
  readonly directory = new MemoryDirectory();
  readonly clientEnd = newEnd();
  readonly serverEnd = newEnd();
  clientAddress = packedClient;
  client: ClientChannel;
  server: ServerChannel;
  readonly #serverOptions: Partial<ServerChannelOptions>;

  constructor(clientOptions: Partial<ClientChannelOptions> = {}, serverOptions: Partial<ServerChannelOptions> = {}) {
    this.directory.add(this.clientKey.publicKey);
    this.#serverOptions = serverOptions;
    this.server = this.newServer();
    this.client = new ClientChannel({
      staticKey: this.clientKey,
      serverPublicKey: this.serverKey.publicKey,
      server: SERVER_ENDPOINT,
      ...this.clientEnd,
      ...clientOptions,
    });
  }

  newServer(): ServerChannel {
    return new ServerChannel({
      staticKey: this.serverKey,
      clients: this.directory,
      resetSecret: new Uint8Array(32).fill(7),
      ...this.serverEnd,
      ...this.#serverOptions,
    });
  }

  connect(): void {
    this.client.connect(this.nowMs, this.wallMs);
    this.settle();
  }

  /** Delivers what was sent, and what that causes, until all is quiet. */
  settle(): void {
    for (let round = 0; round < 1000; round++) {
      const toServer = this.clientEnd.sent.splice(0);
      const toClient = this.serverEnd.sent.splice(0);
      if (toServer.length + toClient.length === 0) return;
      for (const { bytes } of toServer) this.toServer(bytes);
      for (const { bytes } of toClient) this.toClient(bytes);
    }
    throw new Error('it never becomes quiet');
  }

  toServer(bytes: Uint8Array, source = this.clientAddress): number {
    return this.server.receive(bytes.slice(), 0, bytes.length, source, 0, this.nowMs);
  }

  toClient(bytes: Uint8Array): number {
    return this.client.receive(bytes.slice(), 0, bytes.length, packedServer, 0, this.nowMs);
  }

  /** Lets time pass, with both ends awake and the wire in order. */
  pass(ms: number): void {
    const until = this.nowMs + ms;
    for (;;) {
      const next = Math.min(this.client.nextWakeMs, this.server.nextWakeMs);
      if (next > until) break;
      this.nowMs = Math.max(this.nowMs, next);
      this.client.wake(this.nowMs);
      this.server.wake(this.nowMs);
      this.settle();
    }
    this.nowMs = until;
  }

  /** Lets time pass, with both ends awake, and nothing crosses. */
  passCut(ms: number): void {
    for (let step = 0; step < ms / 50; step++) {
      this.nowMs += 50;
      this.client.wake(this.nowMs);
      this.server.wake(this.nowMs);
      this.clientEnd.sent.length = this.serverEnd.sent.length = 0;
    }
  }

  /**
   * Lets time pass, with both ends awake, and nothing crosses from the end that sends into `lost`.
   */
  passOneWay(ms: number, lost: Sent[]): void {
    for (let step = 0; step < ms / 50; step++) {
      this.nowMs += 50;
      this.client.wake(this.nowMs);
      this.server.wake(this.nowMs);
      for (let round = 0; round < 2; round++) {
        lost.length = 0;
        for (const { bytes } of this.clientEnd.sent.splice(0)) this.toServer(bytes);
        for (const { bytes } of this.serverEnd.sent.splice(0)) this.toClient(bytes);
      }
      lost.length = 0;
    }
  }

  get serverSession(): Session {
    const [session] = this.server.sessions();
    if (session === undefined) throw new Error('the server has no session');
    return session;
  }

  get clientSession(): Session {
    const { session } = this.client;
    if (session === undefined) throw new Error('the client has no session');
    return session;
  }

  clientEvents(): string[] {
    return this.clientEnd.events.splice(0).map(({ kind }) => kind);
  }

  serverEvents(): string[] {
    return this.serverEnd.events.splice(0).map(({ kind }) => kind);
  }
}
