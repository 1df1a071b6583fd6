import type { DatagramBatch } from '@relay/packet';
import {
  ClientChannel,
  generateKeyPair,
  OFFSET_PATH_LOCAL,
  PACKED_PATH_BYTES,
  packPath,
  ServerChannel,
  type ClientChannelOptions,
  type ClientDirectory,
  type ClientEntry,
  type KeyPair,
  type PacketOut,
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

/** Keeps a copy of each packet that a channel sends. */
export class Outbox implements PacketOut {
  readonly bytes = new Uint8Array(1 << 17);
  readonly sent: Sent[] = [];
  #at = 0;

  reserve(length: number): number {
    if (this.#at + length > this.bytes.length) this.#at = 0;
    return this.#at;
  }

  add(length: number, path: Uint8Array, pathOffset: number): void {
    this.sent.push({
      bytes: this.bytes.slice(this.#at, this.#at + length),
      destination: path.slice(pathOffset, pathOffset + PACKED_PATH_BYTES),
    });
    this.#at += length;
  }
}

/** A batch of one packet that came on this packed path. */
export function batchOf(bytes: Uint8Array, path: Uint8Array): DatagramBatch {
  return {
    count: 1,
    bytes,
    offsets: Uint32Array.of(0),
    lengths: Uint32Array.of(bytes.length),
    sources: path.subarray(0, OFFSET_PATH_LOCAL),
    locals: path.subarray(OFFSET_PATH_LOCAL),
  };
}

type Channel = ClientChannel | ServerChannel;

/** What came to one end. */
export class End {
  readonly out = new Outbox();
  readonly sent = this.out.sent;
  readonly frames: { readonly session: Session; readonly type: number; readonly bytes: Uint8Array }[] = [];
  readonly #channel: () => Channel;
  readonly #events: SessionEvent[] = [];

  constructor(channel: () => Channel) {
    this.#channel = channel;
  }

  /** What has happened until now, and was not taken out. */
  get events(): SessionEvent[] {
    const channel = this.#channel();
    for (let event = channel.nextEvent(); event !== undefined; event = channel.nextEvent()) this.#events.push(event);
    return this.#events;
  }

  /** Gives the channel a copy of a packet, and pulls its frames. Returns what `receive` does. */
  take(packet: Uint8Array, path: Uint8Array, nowMs: number): number {
    const channel = this.#channel();
    const code = channel.receive(batchOf(packet.slice(), path), 0, nowMs);
    while (channel.nextFrame(nowMs)) {
      const { session, type, bytes, offset, end } = channel.frame;
      this.frames.push({ session, type, bytes: bytes.slice(offset, end) });
    }
    return code;
  }
}

export const SERVER_ENDPOINT = { address: '192.0.2.1', port: 7878 };
export const packedServer = packed('192.0.2.1', 7878);
export const packedClient = packed('198.51.100.7', 40_000);

/** The packed path to an endpoint, on which the system chooses this side's address. */
export function packed(address: string, port: number): Uint8Array {
  return packPath({ address, port });
}

/** The steady clock at the begin of a test. */
const STEADY_MS = 1_000_000;

/**
 * A client and a server of one invitation, and a wire between them that loses nothing and takes no
 * time.
 */
export class TwoEnds {
  nowMs = STEADY_MS;
  /** The wall clock at the begin of the test. */
  wallMs = 1_790_000_000_000;
  readonly serverKey: KeyPair = generateKeyPair();
  readonly clientKey: KeyPair = generateKeyPair();
  readonly directory = new MemoryDirectory();
  readonly clientEnd: End = new End(() => this.client);
  readonly serverEnd: End = new End(() => this.server);
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
      out: this.clientEnd.out,
      ...clientOptions,
    });
  }

  newServer(): ServerChannel {
    return new ServerChannel({
      staticKey: this.serverKey,
      clients: this.directory,
      wallClock: () => this.wallMs + this.nowMs - STEADY_MS,
      out: this.serverEnd.out,
      ...this.#serverOptions,
    });
  }

  connect(): void {
    this.client.connect(this.nowMs, this.wallMs + this.nowMs - STEADY_MS);
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
    return this.serverEnd.take(bytes, source, this.nowMs);
  }

  toClient(bytes: Uint8Array): number {
    return this.clientEnd.take(bytes, packedServer, this.nowMs);
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
