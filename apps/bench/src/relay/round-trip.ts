import { DropCounters, EndpointMap, PACKED_ENDPOINT_BYTES, type DatagramBatch } from '@relay/packet';
import {
  AcceptedFlows,
  DatagramWriter,
  FlowFrames,
  Fragments,
  IdleQueue,
  ModeTraffic,
  OpenedFlows,
  PacketBatch,
  type FlowsOfSession,
  type OpenedFlow,
} from '@relay/relay';
import {
  ClientChannel,
  generateKeyPair,
  KEY_BYTES,
  packPath,
  ServerChannel,
  type Primitives,
  type ReceivedFrame,
  type Session,
} from '@relay/session';

const NOW_MS = 1000;
const FRAGMENT_LIMITS = { maxBytes: 1 << 20, maxDatagrams: 64, timeoutMs: 5000 };

/**
 * Client and server with their flows, joined by function calls where the sockets would be; the
 * target is an echo.
 */
export class JoinedEnds {
  echoed = 0;
  readonly #primitives: Primitives;
  readonly #sources: readonly Uint8Array[];
  readonly #toServer: PacketBatch;
  readonly #toClient: PacketBatch;
  readonly #idle = new IdleQueue();
  readonly #opened: OpenedFlows;
  readonly #entrance;
  readonly #client: ClientChannel;
  readonly #server: ServerChannel;
  readonly #clientFrames = new FlowFrames('client');
  readonly #serverFrames = new FlowFrames('server');
  readonly #flowsOfClient: FlowsOfSession<never>;
  #flowsOfServer: FlowsOfSession<true> | undefined;

  constructor(primitives: Primitives, flows: number) {
    this.#primitives = primitives;
    this.#sources = Array.from({ length: flows }, (_, i) => packed('127.0.0.1', 20_000 + i));
    const target = packed('203.0.113.1', 53);
    this.#entrance = {
      mapping: { idleMs: 60_000, maxFlows: flows, flowCount: 0 },
      target,
      flowBySource: new EndpointMap<OpenedFlow>(),
    };
    this.#toServer = new PacketBatch((batch) => this.#deliver(this.#server, batch, fromClient));
    this.#toClient = new PacketBatch((batch) => this.#deliver(this.#client, batch, fromServer));
    this.#opened = new OpenedFlows('client', new DatagramWriter(this.#toServer), this.#idle, new ModeTraffic(), {
      toSource: () => this.echoed++,
      refused: (_flow, reason) => {
        throw new Error(`a flow was refused: ${reason}`);
      },
    });
    const [serverKey, clientKey] = [generateKeyPair(), generateKeyPair()];
    this.#server = this.#newServer(serverKey);
    this.#flowsOfClient = { opened: this.#opened, accepted: undefined, fragments: this.#fragments() };
    this.#client = new ClientChannel({
      staticKey: clientKey,
      primitives,
      serverPublicKey: serverKey.publicKey,
      server: { address: '192.0.2.1', port: 7878 },
      out: this.#toServer,
    });
    this.#client.connect(NOW_MS, Date.now());
    this.#settle();
    this.#opened.setSession(this.#client.session);
  }

  /** One datagram from each source, in one batch, there and back. */
  roundTrips(payload: Uint8Array): void {
    for (const source of this.#sources)
      this.#opened.fromSource(this.#entrance, source, undefined, 0, payload, 0, payload.length, NOW_MS);
    this.#settle();
  }

  /** As the loops do it: what a batch has brought about leaves when the batch is done with. */
  #settle(): void {
    while (this.#toServer.count + this.#toClient.count > 0) {
      this.#toServer.flush();
      this.#toClient.flush();
    }
  }

  /**
   * Hands the packets of a batch to the other side; they are opened in place, as those of a
   * socket's batch.
   */
  #deliver(channel: ClientChannel | ServerChannel, batch: PacketBatch, sources: Uint8Array): number {
    const { count, bytes, offsets, lengths } = batch;
    const received: DatagramBatch = { count, bytes, offsets, lengths, sources, locals };
    for (let i = 0; i < count; i++) {
      if (channel.receive(received, i, NOW_MS) < 0) throw new Error('a packet was refused');
      while (channel.nextFrame(NOW_MS)) this.#take(channel === this.#server, channel.frame);
      while (channel.nextEvent() !== undefined);
    }
    return count;
  }

  #take(isAtServer: boolean, { session, type, bytes, offset, end }: ReceivedFrame): void {
    if (isAtServer) this.#serverFrames.take(this.#flowsOf(session), type, bytes, offset, end, NOW_MS);
    else this.#clientFrames.take(this.#flowsOfClient, type, bytes, offset, end, NOW_MS);
  }

  #newServer(staticKey: ReturnType<typeof generateKeyPair>): ServerChannel {
    return new ServerChannel({
      staticKey,
      primitives: this.#primitives,
      clients: {
        lookup: () => ({ name: 'client', limits: {}, newestTimestamp: 0n }),
        recordTimestamp: () => undefined,
      },
      resetSecret: new Uint8Array(KEY_BYTES),
      out: this.#toClient,
    });
  }

  /** There is one session. */
  #flowsOf(session: Session): FlowsOfSession<true> {
    return (this.#flowsOfServer ??= {
      opened: undefined,
      accepted: new AcceptedFlows<true>(
        session,
        new DatagramWriter(this.#toClient),
        this.#idle,
        new ModeTraffic(),
        { maxFlows: 1000, idleMs: 60_000 },
        {
          accept: () => 0,
          toTarget: (flow, payload, at, length) => flow.flows.fromTarget(flow, payload, at, length, NOW_MS),
          ended: () => undefined,
        },
      ),
      fragments: this.#fragments(),
    });
  }

  #fragments(): Fragments {
    return new Fragments(FRAGMENT_LIMITS, this.#idle, new DropCounters());
  }
}

/** More than a batch holds. */
const MOST_PACKETS = 256;
const fromClient = sourcesOf(packed('198.51.100.7', 40_000));
const fromServer = sourcesOf(packed('192.0.2.1', 7878));
const locals = new Uint8Array(MOST_PACKETS * PACKED_ENDPOINT_BYTES);

function packed(address: string, port: number): Uint8Array {
  return packPath({ address, port });
}

/** Where each packet of a full batch came from, if all came on this path. */
function sourcesOf(path: Uint8Array): Uint8Array {
  const sources = new Uint8Array(MOST_PACKETS * PACKED_ENDPOINT_BYTES);
  for (let i = 0; i < MOST_PACKETS; i++)
    sources.set(path.subarray(0, PACKED_ENDPOINT_BYTES), i * PACKED_ENDPOINT_BYTES);
  return sources;
}
