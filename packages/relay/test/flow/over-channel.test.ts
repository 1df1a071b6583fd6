/** The flow rules over the real channel, and a wire that repeats and reorders. */
import { describe, expect, test } from '@jest/globals';
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
  type OpenedFlow,
} from '../../src/index.js';
import {
  ClientChannel,
  generateKeyPair,
  OFFSET_PATH_LOCAL,
  packPath,
  ServerChannel,
  type ClientEntry,
  type ReceivedFrame,
  type Session,
} from '@relay/session';
import { packed, randomOf } from './two-peers.js';

const SERVER = { address: '192.0.2.1', port: 7878 };
const SERVER_PATH = packPath({ address: '192.0.2.1', port: 7878 });
const CLIENT_PATH = packPath({ address: '198.51.100.7', port: 40_000 });
const FRAGMENT_LIMITS = { maxBytes: 1 << 20, maxDatagrams: 64, timeoutMs: 5000 };
const WALL_MS = 1_790_000_000_000;

/** Packets of one direction; delivered in any order, some of them twice. */
class Way {
  readonly #packets: Uint8Array[] = [];
  readonly #random = randomOf(5);

  take(): Uint8Array[] {
    return this.#packets
      .splice(0)
      .map((packet) => ({ packet, at: this.#random() }))
      .sort((a, b) => a.at - b.at)
      .map(({ packet }) => packet);
  }

  readonly send = ({ bytes, offsets, lengths, count }: PacketBatch): number => {
    for (let i = 0; i < count; i++) {
      const [offset, length] = [offsets[i] ?? 0, lengths[i] ?? 0];
      this.#packets.push(bytes.slice(offset, offset + length));
      if (this.#random() < 0.2) this.#packets.push(bytes.slice(offset, offset + length));
    }
    return count;
  };
}

class Pair {
  nowMs = 1000;
  readonly toServer = new Way();
  readonly toClient = new Way();
  readonly sent = new ModeTraffic();
  readonly answered = new ModeTraffic();
  readonly replies: Buffer[] = [];
  readonly entrance;
  readonly #idle = new IdleQueue();
  readonly #serverBatch = new PacketBatch(this.toClient.send);
  readonly #clientBatch = new PacketBatch(this.toServer.send);
  readonly #opened: OpenedFlows;
  readonly #clientFrames = new FlowFrames('client');
  readonly #serverFrames = new FlowFrames('server');
  readonly #fragments = new Fragments(FRAGMENT_LIMITS, this.#idle, new DropCounters());
  readonly #flowsBySession = new Map<Session, { accepted: AcceptedFlows<true>; fragments: Fragments }>();
  #server: ServerChannel;
  readonly #client: ClientChannel;
  readonly #newServer: () => ServerChannel;

  constructor() {
    const [serverKey, clientKey] = [generateKeyPair(), generateKeyPair()];
    const target = packed('203.0.113.1', 53);
    this.entrance = {
      mapping: { idleMs: 60_000, maxFlows: 100, flowCount: 0 },
      target,
      flowBySource: new EndpointMap<OpenedFlow>(),
    };
    this.#opened = new OpenedFlows('client', new DatagramWriter(this.#clientBatch), this.#idle, this.sent, {
      toSource: (flow, bytes, offset, length) => {
        const payload = Buffer.from(bytes.subarray(offset, offset + length));
        if (payload.length >= 4 && payload.readUInt32LE() !== flow.source[16]) throw new Error('crossed between flows');
        this.replies.push(payload);
        this.sent.fromTarget.sent(length);
      },
      refused: () => undefined,
    });
    this.#newServer = () => this.#serverOf(serverKey, clientKey.publicKey);
    this.#server = this.#newServer();
    this.#client = new ClientChannel({
      ...{ staticKey: clientKey, serverPublicKey: serverKey.publicKey, server: SERVER },
      out: this.#clientBatch,
    });
    this.#client.connect(this.nowMs, WALL_MS);
    this.#clientBatch.flush();
    this.settle();
  }

  restartServer(): void {
    this.#server = this.#newServer();
  }

  get state(): string {
    return this.#client.state;
  }

  send(source: Uint8Array, payload: Uint8Array): void {
    this.#opened.fromSource(this.entrance, source, undefined, 0, payload, 0, payload.length, this.nowMs);
    this.#clientBatch.flush();
    this.settle();
  }

  settle(): void {
    for (let round = 0; round < 100; round++) {
      const [toServer, toClient] = [this.toServer.take(), this.toClient.take()];
      if (toServer.length + toClient.length === 0) return;
      for (const packet of toServer) this.#receive(this.#server, packet, CLIENT_PATH);
      for (const packet of toClient) this.#receive(this.#client, packet, SERVER_PATH);
      this.#serverBatch.flush();
      this.#clientBatch.flush();
    }
    throw new Error('it never becomes quiet');
  }

  #receive(channel: ClientChannel | ServerChannel, bytes: Uint8Array, path: Uint8Array): void {
    const [sources, locals] = [path.subarray(0, OFFSET_PATH_LOCAL), path.subarray(OFFSET_PATH_LOCAL)];
    const [offsets, lengths] = [Uint32Array.of(0), Uint32Array.of(bytes.length)];
    channel.receive({ count: 1, bytes, offsets, lengths, sources, locals }, 0, this.nowMs);
    while (channel.nextFrame(this.nowMs)) this.#take(channel, channel.frame);
    for (let event = channel.nextEvent(); event !== undefined; event = channel.nextEvent()) {
      if (channel !== this.#client) continue;
      if (event.kind === 'connected') this.#opened.setSession(event.session);
      if (event.kind === 'disconnected') this.#opened.setSession(undefined);
    }
  }

  #take(channel: ClientChannel | ServerChannel, { session, type, bytes, offset, end }: ReceivedFrame): void {
    const { nowMs } = this;
    if (channel === this.#server) {
      const flows = { opened: undefined, ...this.#flowsOf(session) };
      this.#serverFrames.take(flows, type, bytes, offset, end, nowMs);
    } else {
      const flows = { opened: this.#opened, accepted: undefined, fragments: this.#fragments };
      this.#clientFrames.take(flows, type, bytes, offset, end, nowMs);
    }
  }

  /** What the server keeps for a session; the target is an echo. */
  #flowsOf(session: Session): { accepted: AcceptedFlows<true>; fragments: Fragments } {
    const known = this.#flowsBySession.get(session);
    if (known !== undefined) return known;
    const accepted = new AcceptedFlows<true>(
      session,
      new DatagramWriter(this.#serverBatch),
      this.#idle,
      this.answered,
      { maxFlows: 100, idleMs: 60_000 },
      {
        accept: () => 0,
        toTarget: (flow, from, at, length) => {
          this.answered.toTarget.sent(length);
          flow.flows.fromTarget(flow, from.slice(at, at + length), 0, length, this.nowMs);
        },
        ended: () => undefined,
      },
    );
    const flows = { accepted, fragments: new Fragments(FRAGMENT_LIMITS, this.#idle, new DropCounters()) };
    this.#flowsBySession.set(session, flows);
    return flows;
  }

  #serverOf(staticKey: ReturnType<typeof generateKeyPair>, clientPublicKey: Uint8Array): ServerChannel {
    const entry: ClientEntry = { name: 'client', limits: {}, newestTimestamp: 0n };
    return new ServerChannel({
      staticKey,
      resetSecret: new Uint8Array(32).fill(7),
      clients: {
        lookup: (key) => (Buffer.compare(key, clientPublicKey) === 0 ? entry : undefined),
        recordTimestamp: () => undefined,
      },
      out: this.#serverBatch,
    });
  }
}

describe('flows over the secure channel', () => {
  const payloadOf = (port: number, size: number): Buffer => {
    const payload = Buffer.alloc(size, port);
    if (size >= 4) payload.writeUInt32LE(port);
    return payload;
  };

  test('each source gets the answers to its own datagrams, of every size, once', () => {
    const pair = new Pair();
    expect(pair.state).toBe('connected');
    const expected: Buffer[] = [];
    for (const size of [0, 1, 1200, 1419, 1420, 1421, 9000, 65_507]) {
      for (let port = 1; port <= 5; port++) {
        expected.push(payloadOf(port, size));
        pair.send(packed('127.0.0.1', port), payloadOf(port, size));
      }
    }
    const inOrder = (a: Buffer, b: Buffer): number => Buffer.compare(a, b);
    expect(pair.replies.sort(inOrder)).toEqual(expected.sort(inOrder));
    expect(pair.sent.toTarget.toJSON().outDatagrams).toBe(expected.length);
    expect(pair.answered.toTarget.inDatagrams).toBe(expected.length);
  });

  test('flows go on after the server was restarted, and lose no more than what was sent before it was known', () => {
    const pair = new Pair();
    const source = packed('127.0.0.1', 9);
    pair.send(source, payloadOf(9, 100));
    pair.restartServer();
    pair.send(source, payloadOf(9, 101));
    expect(pair.state).toBe('connected');
    pair.send(source, payloadOf(9, 102));
    expect(pair.replies.map(({ length }) => length)).toEqual([100, 102]);
  });
});
