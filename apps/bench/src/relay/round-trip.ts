import { DropCounters, EndpointMap } from '@relay/packet';
import {
  AcceptedFlows,
  DatagramWriter,
  FlowFrames,
  Fragments,
  IdleQueue,
  ModeTraffic,
  OpenedFlows,
  PacketBatch,
  type BatchSender,
  type FlowsOfSession,
  type OpenedFlow,
} from '@relay/relay';
import { ClientChannel, generateKeyPair, KEY_BYTES, packPath, ServerChannel, type Primitives } from '@relay/session';

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

  constructor(primitives: Primitives, flows: number) {
    this.#primitives = primitives;
    this.#sources = Array.from({ length: flows }, (_, i) => packed('127.0.0.1', 20_000 + i));
    const target = packed('203.0.113.1', 53);
    this.#entrance = {
      mapping: { idleMs: 60_000, maxFlows: flows, flowCount: 0 },
      target,
      flowBySource: new EndpointMap<OpenedFlow>(),
    };
    this.#toServer = new PacketBatch(
      deliver((bytes, offset, length) => this.#server.receive(bytes, offset, length, CLIENT, 0, NOW_MS)),
    );
    this.#toClient = new PacketBatch(
      deliver((bytes, offset, length) => this.#client.receive(bytes, offset, length, SERVER, 0, NOW_MS)),
    );
    this.#opened = new OpenedFlows('client', new DatagramWriter(this.#toServer), this.#idle, new ModeTraffic(), {
      toSource: () => this.echoed++,
      refused: (_flow, reason) => {
        throw new Error(`a flow was refused: ${reason}`);
      },
    });
    const [serverKey, clientKey] = [generateKeyPair(), generateKeyPair()];
    this.#server = this.#newServer(serverKey);
    const frames = new FlowFrames('client');
    const flowsOfClient = { opened: this.#opened, accepted: undefined, fragments: this.#fragments() };
    this.#client = new ClientChannel({
      staticKey: clientKey,
      primitives,
      serverPublicKey: serverKey.publicKey,
      server: { address: '192.0.2.1', port: 7878 },
      onPacket: (bytes, offset, length, to, toOffset) => this.#toServer.addCopy(bytes, offset, length, to, toOffset),
      onFrame: (_session, type, bytes, offset, end, nowMs) =>
        frames.take(flowsOfClient, type, bytes, offset, end, nowMs),
      onEvent: (event) => {
        if (event.kind === 'connected') this.#opened.setSession(event.session);
      },
    });
    this.#client.connect(NOW_MS, Date.now());
    this.#settle();
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

  #newServer(staticKey: ReturnType<typeof generateKeyPair>): ServerChannel {
    const frames = new FlowFrames('server');
    const writer = new DatagramWriter(this.#toClient);
    let flows: FlowsOfSession<true> | undefined;
    return new ServerChannel({
      staticKey,
      primitives: this.#primitives,
      clients: {
        lookup: () => ({ name: 'client', limits: {}, newestTimestamp: 0n }),
        recordTimestamp: () => undefined,
      },
      resetSecret: new Uint8Array(KEY_BYTES),
      onPacket: (bytes, offset, length, to, toOffset) => this.#toClient.addCopy(bytes, offset, length, to, toOffset),
      onFrame: (session, type, bytes, offset, end, nowMs) => {
        flows ??= {
          opened: undefined,
          accepted: new AcceptedFlows<true>(
            session,
            writer,
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
        };
        frames.take(flows, type, bytes, offset, end, nowMs);
      },
      onEvent: () => undefined,
    });
  }

  #fragments(): Fragments {
    return new Fragments(FRAGMENT_LIMITS, this.#idle, new DropCounters());
  }
}

const CLIENT = packed('198.51.100.7', 40_000);
const SERVER = packed('192.0.2.1', 7878);

function packed(address: string, port: number): Uint8Array {
  return packPath({ address, port });
}

/**
 * Hands the packets of a batch to the other side; they may be opened in place, as those of a
 * socket's batch.
 */
function deliver(receive: (bytes: Uint8Array, offset: number, length: number) => number): BatchSender {
  return ({ bytes, offsets, lengths, count }) => {
    for (let i = 0; i < count; i++) {
      if (receive(bytes, offsets[i] ?? 0, lengths[i] ?? 0) < 0) throw new Error('a packet was refused');
    }
    return count;
  };
}
