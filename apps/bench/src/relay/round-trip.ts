import { copyPackedEndpoint, PACKED_ENDPOINT_BYTES, type DatagramBatch, type SendBatch } from '@relay/packet';
import { ClientShard, ListenerPort, Shard, type Listener, type TargetSocket } from '@relay/relay';
import { generateKeyPair, OFFSET_PATH_LOCAL, packPath, type Primitives } from '@relay/session';

const NOW_MS = 1000;
const SLOTS = 64;

/**
 * The shards of a client and of a server. Function calls join them in place of sockets. The target
 * is an echo.
 */
export class JoinedEnds {
  echoed = 0;
  readonly #client: ClientShard;
  readonly #server: Shard;
  readonly #echoes: EchoSocket[] = [];
  readonly #listener: Listener;
  readonly #port: ListenerPort;
  readonly #sources: Uint8Array;
  readonly #toServer = new Wire(CLIENT, (batch) => this.#server.receive(batch, NOW_MS));
  readonly #toClient = new Wire(SERVER, (batch) => this.#client.receive(batch, NOW_MS));
  #batch: DatagramBatch | undefined;

  constructor(primitives: Primitives, flows: number) {
    const [serverKey, clientKey] = [generateKeyPair(), generateKeyPair()];
    this.#client = new ClientShard({
      channel: {
        ...{ staticKey: clientKey, primitives },
        serverPublicKey: serverKey.publicKey,
        server: { address: '192.0.2.1', port: 7878 },
      },
      socket: this.#toServer,
      openSocket: () => new EchoSocket(this.#echoes),
      serviceSocket: {},
      clock: () => NOW_MS,
      settleSoon: () => undefined,
      ranOut: () => undefined,
    });
    this.#server = new Shard({
      channel: { staticKey: serverKey, primitives },
      socket: this.#toClient,
      openSocket: () => new EchoSocket(this.#echoes),
      targetSocket: {},
      clock: () => NOW_MS,
      wallClock: () => Date.now(),
      settleSoon: () => undefined,
      soon: (run) => setImmediate(run),
      isOwn: () => false,
      routeTo: () => 'elsewhere',
      descriptors: { isShort: false, ranOut: () => undefined },
      ...{ maxFlows: 2 * flows, maxFlowsPerClient: 2 * flows, idleMs: 60_000 },
    });
    const rights = { allowances: [], publish: [], limits: {}, expiresWallMs: Infinity, newestTimestamp: 0n };
    this.#server.updateClients(
      { changed: [{ name: 'client', publicKey: clientKey.publicKey, ...rights }], gone: [] },
      NOW_MS,
    );
    this.#port = new ListenerPort({
      sendBatch: ({ count }) => {
        this.echoed += count;
        return count;
      },
    });
    this.#port.target = packed('9.9.9.9', 53);
    this.#listener = this.#client.newListener({ idleMs: 60_000, maxFlows: 2 * flows }, [this.#port]);
    this.#sources = new Uint8Array(flows * PACKED_ENDPOINT_BYTES);
    for (let i = 0; i < flows; i++) this.#sources.set(packed('127.0.0.1', 20_000 + i), i * PACKED_ENDPOINT_BYTES);
    this.#client.channel.connect(NOW_MS, Date.now());
    this.#endTurn();
  }

  /** Sends one datagram from each source, in one batch, to the target and back. */
  roundTrips(payload: Uint8Array): void {
    if (this.#batch?.bytes !== payload) this.#batch = this.#batchOf(payload);
    this.#client.receiveFromSources(this.#listener, this.#port, this.#batch, NOW_MS);
    this.#endTurn();
  }

  /** Makes a batch with the same payload from every source. */
  #batchOf(payload: Uint8Array): DatagramBatch {
    const count = this.#sources.length / PACKED_ENDPOINT_BYTES;
    return {
      count,
      bytes: payload,
      offsets: new Uint32Array(count),
      lengths: new Uint32Array(count).fill(payload.length),
      sources: this.#sources,
      locals: new Uint8Array(this.#sources.length),
    };
  }

  /** Ends the turn as the loops do: the packets that a batch caused leave after the whole batch. */
  #endTurn(): void {
    do {
      this.#client.flush();
      this.#server.flush();
      for (const echo of this.#echoes.splice(0)) echo.answer();
      this.#server.flush();
    } while (this.#toServer.take() + this.#toClient.take() > 0);
  }
}

/**
 * Passes the packets of a batch to the other side without a copy. They may be opened in place, like
 * those of a socket's batch.
 */
class Wire {
  readonly #receive: (batch: DatagramBatch) => void;
  readonly #sources = new Uint8Array(SLOTS * PACKED_ENDPOINT_BYTES);
  readonly #locals = new Uint8Array(SLOTS * PACKED_ENDPOINT_BYTES);
  #carried = 0;

  constructor(from: Uint8Array, receive: (batch: DatagramBatch) => void) {
    this.#receive = receive;
    for (let i = 0; i < SLOTS; i++) this.#sources.set(from, i * PACKED_ENDPOINT_BYTES);
  }

  sendBatch({ bytes, count, offsets, lengths }: SendBatch): number {
    this.#carried += count;
    this.#receive({ bytes, count, offsets, lengths, sources: this.#sources, locals: this.#locals });
    return count;
  }

  /** Returns how many packets passed since the last call. */
  take(): number {
    const carried = this.#carried;
    this.#carried = 0;
    return carried;
  }
}

/** A socket whose peers send everything back once the sender has flushed. */
class EchoSocket implements TargetSocket {
  readonly engine = 'native';
  readonly state = 'open';
  readonly local = { address: '127.0.0.1', port: 1 };
  readonly #waiting: EchoSocket[];
  readonly #echo = { count: 0, offsets: new Uint32Array(SLOTS), lengths: new Uint32Array(SLOTS) };
  readonly #sources = new Uint8Array(SLOTS * PACKED_ENDPOINT_BYTES);
  #bytes: Uint8Array = UNUSED.locals;
  onReceive: TargetSocket['onReceive'] = () => undefined;
  onError: TargetSocket['onError'] = () => undefined;
  onKernelDrops: TargetSocket['onKernelDrops'] = () => undefined;

  /** `waiting`: the sockets whose peers have something to send back. */
  constructor(waiting: EchoSocket[]) {
    this.#waiting = waiting;
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  sendBatch({ bytes, count, offsets, lengths, destinations }: SendBatch): number {
    if (this.#echo.count === 0) this.#waiting.push(this);
    this.#bytes = bytes;
    for (let i = 0; i < count; i++) {
      const slot = this.#echo.count++;
      if (destinations !== undefined)
        copyPackedEndpoint(destinations, i * PACKED_ENDPOINT_BYTES, this.#sources, slot * PACKED_ENDPOINT_BYTES);
      this.#echo.offsets[slot] = offsets[i] ?? 0;
      this.#echo.lengths[slot] = lengths[i] ?? 0;
    }
    return count;
  }

  /** Sends back what was sent, from where it still lies. */
  answer(): void {
    const { count, offsets, lengths } = this.#echo;
    this.#echo.count = 0;
    this.onReceive({ bytes: this.#bytes, count, offsets, lengths, ...UNUSED, sources: this.#sources });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const UNUSED = {
  locals: new Uint8Array(0),
  ecn: new Uint8Array(0),
  timestampsMs: new Float64Array(0),
};

const CLIENT = packed('198.51.100.7', 40_000);
const SERVER = packed('192.0.2.1', 7878);

function packed(address: string, port: number): Uint8Array {
  return packPath({ address, port }).subarray(0, OFFSET_PATH_LOCAL);
}
