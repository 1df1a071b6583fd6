/**
 * A server for clients under test, in this process: the channel and a tunnel over a loopback
 * socket, without the server's program. Its flows lead nowhere: each datagram comes back as if its
 * target had sent it.
 */
import {
  dropCode,
  DropCounters,
  FEATURE,
  formatEndpoint,
  packEndpoint,
  PACKED_ENDPOINT_BYTES,
  unpackEndpoint,
  type DropReason,
  type Endpoint,
} from '@relay/packet';
import { Loop, monotonicMs, thisMachine, type LoopWork } from '@relay/program';
import {
  Datagram,
  DatagramWriter,
  FlowGroup,
  FlowTable,
  Fragments,
  IdleQueue,
  ModeTraffic,
  Notices,
  PacketBatch,
  Tunnel,
  type End,
  type Flow,
  type Traffic,
} from '@relay/relay';
import {
  formatInvitation,
  generateKeyPair,
  keyPairOf,
  nodePrimitives,
  ServerChannel,
  type ClientEntry,
  type DisconnectReason,
  type Session,
} from '@relay/session';
import { createSocket, type UdpSocket } from '@relay/socket';

type Request = Readonly<{ session: Session; id: number; request: number; body: Uint8Array }>;

/** A target that sends everything back at once. */
class EchoEnd implements End {
  readonly #arrivals: string[];
  #flow: Flow | undefined;

  constructor(arrivals: string[]) {
    this.#arrivals = arrivals;
  }

  attach(flow: Flow): void {
    this.#flow = flow;
  }

  send({ bytes, offset, length }: Datagram, traffic: Traffic, nowMs: number): void {
    if (this.#flow === undefined) throw new Error('the flow has ended');
    const payload = bytes.slice(offset, offset + length);
    traffic.sent(length);
    const target = formatEndpoint(unpackEndpoint(this.#flow.target, 0));
    this.#arrivals.push(`${Buffer.from(payload).toString()} to ${target}`);
    this.#flow.toSource(new Datagram().show(payload, 0, length), nowMs);
  }

  close(): void {
    this.#flow = undefined;
  }
}

/** A visitor of a public port. */
class VisitorEnd implements End {
  readonly #replies: string[];

  constructor(replies: string[]) {
    this.#replies = replies;
  }

  attach(): void {
    // Nothing to find it by: a visit is one datagram.
  }

  send({ bytes, offset, length }: Datagram, traffic: Traffic): void {
    traffic.sent(length);
    this.#replies.push(Buffer.from(bytes.subarray(offset, offset + length)).toString());
  }

  close(): void {
    // It holds nothing.
  }
}

export class LoopbackServer {
  readonly serverKey = generateKeyPair();
  readonly clientKey = generateKeyPair();
  /** The datagrams that reached targets: `payload to target`. */
  readonly arrivals: string[] = [];
  /** What came back to visitors. */
  readonly visitorReplies: string[] = [];
  /** The answer to a new flow. Undefined: the flow is accepted. */
  refusal: DropReason | undefined;
  onRequest: (request: Request) => void = () => undefined;
  requestCount = 0;
  readonly #idle = new IdleQueue();
  readonly #drops = new DropCounters();
  readonly #tunnels = new Map<Session, Tunnel>();
  readonly #flows = new Map<Session, { readonly table: FlowTable; readonly group: FlowGroup<Flow> }>();
  readonly #traffic = new ModeTraffic();
  readonly #features: number;
  #socket: UdpSocket;
  #out = new PacketBatch((batch) => this.#socket.sendBatch(batch));
  #channel: ServerChannel;
  #loop: Loop;
  #isClosed = false;

  private constructor(features: number) {
    this.#features = features;
    this.#socket = this.#newSocket(0);
    this.#channel = this.#newChannel();
    this.#loop = this.#newLoop();
  }

  /** `features`: what it states that it takes. */
  static async open(features: number = FEATURE.publishEntries): Promise<LoopbackServer> {
    const server = new LoopbackServer(features);
    await server.#socket.open();
    return server;
  }

  get port(): number {
    return this.#socket.local.port;
  }

  get sessions(): Session[] {
    return [...this.#channel.sessions()];
  }

  /** Returns an invitation for a client named ada. */
  invitation(host = '127.0.0.1', port = this.port): string {
    const { publicKey } = this.serverKey;
    return formatInvitation({
      clientPrivateKey: this.clientKey.privateKey,
      serverPublicKey: publicKey,
      host,
      port,
      name: 'ada',
    });
  }

  answer({ session, id }: Request, status: number, body: Uint8Array): void {
    session.answer(id, status, body, monotonicMs());
    this.#loop.settle();
  }

  /** A visitor sends this to a public endpoint that the client of the first session has. */
  visit(payload: string, source: Endpoint, target: Endpoint): void {
    const [session] = this.sessions;
    if (session === undefined) throw new Error('there is no session');
    const nowMs = monotonicMs();
    const ends = [new VisitorEnd(this.visitorReplies), this.#tunnelOf(session, nowMs).newEnd()] as const;
    const flows = this.#flows.get(session);
    const flow = flows?.table.open({ source: packed(source), target: packed(target) }, ends, flows.group, nowMs);
    this.#traffic.toTarget.received(payload.length);
    flow?.toTarget(new Datagram().show(Buffer.from(payload), 0, payload.length), nowMs);
    this.#loop.settle();
  }

  end(session: Session, reason: DisconnectReason): void {
    this.#channel.closeSession(session, reason, monotonicMs());
    this.#loop.settle();
  }

  /** Falls silent without a message, as if the network were cut. {@link comeBack} ends that. */
  async fallSilent(): Promise<void> {
    await this.#socket.close();
  }

  async comeBack(): Promise<void> {
    this.#socket = this.#newSocket(this.port);
    await this.#socket.open();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#channel.close(monotonicMs());
    this.#loop.close();
    await this.#socket.close();
  }

  #newSocket(port: number): UdpSocket {
    const socket = createSocket({ engine: 'dgram', local: { address: '127.0.0.1', port } });
    socket.onReceive = (batch) => {
      const nowMs = monotonicMs();
      const channel = this.#channel;
      for (let i = 0; i < batch.count; i++) {
        const code = channel.receive(batch, i, nowMs);
        if (code < 0) this.#drops.count(code);
        while (channel.nextFrame(nowMs)) this.#tunnelOf(channel.frame.session, nowMs).take(channel.frame, nowMs);
      }
      this.#loop.settle();
    };
    return socket;
  }

  #newLoop(): Loop {
    const work: LoopWork = {
      nextDueMs: () => Math.min(this.#channel.nextWakeMs, this.#idle.nextExpiryMs),
      due: (nowMs) => {
        this.#channel.wake(nowMs);
        this.#idle.expire(nowMs);
      },
      flush: () => {
        for (let event = this.#channel.nextEvent(); event !== undefined; event = this.#channel.nextEvent())
          if (event.kind === 'request') this.#requested(event);
        this.#out.flush();
      },
      failed: (error) => {
        throw error;
      },
    };
    return new Loop(work, thisMachine);
  }

  #requested(request: Request): void {
    this.requestCount++;
    this.onRequest(request);
  }

  #newChannel(): ServerChannel {
    const entry: ClientEntry = { name: 'ada', limits: {}, newestTimestamp: 0n };
    const known = Buffer.from(keyPairOf(this.clientKey.privateKey).publicKey);
    return new ServerChannel({
      staticKey: this.serverKey,
      wallClock: () => Date.now(),
      primitives: nodePrimitives,
      parameters: { features: this.#features },
      clients: { lookup: (key) => (known.equals(key) ? entry : undefined), recordTimestamp: () => undefined },
      out: this.#out,
    });
  }

  #tunnelOf(session: Session, nowMs: number): Tunnel {
    const known = this.#tunnels.get(session);
    if (known !== undefined) return known;
    const limits = { maxBytes: 1 << 20, maxDatagrams: 16, timeoutMs: 5000 };
    const group = new FlowGroup<Flow>({ idleMs: 60_000, maxFlows: 100 });
    const table = new FlowTable(this.#traffic, this.#idle);
    this.#flows.set(session, { table, group });
    const tunnel = new Tunnel({
      side: 'server',
      writer: new DatagramWriter(this.#out),
      idle: this.#idle,
      group,
      table,
      opened: this.#traffic,
      fragments: new Fragments(limits, this.#idle, this.#drops),
      notices: new Notices(),
      admit: () => (this.refusal === undefined ? new EchoEnd(this.arrivals) : dropCode(this.refusal)),
    });
    tunnel.begin(session, nowMs);
    this.#tunnels.set(session, tunnel);
    return tunnel;
  }
}

function packed(endpoint: Endpoint): Uint8Array {
  const bytes = new Uint8Array(PACKED_ENDPOINT_BYTES);
  packEndpoint(endpoint, bytes, 0);
  return bytes;
}
