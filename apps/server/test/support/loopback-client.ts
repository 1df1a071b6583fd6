/**
 * A client of one invitation in this process: the channel and the flows over a loopback socket,
 * without the client's program.
 */
import { DropCounters, EndpointMap, packEndpoint, PACKED_ENDPOINT_BYTES, type Endpoint } from '@relay/packet';
import { Loop, monotonicMs, thisMachine, type LoopWork } from '@relay/program';
import {
  DatagramWriter,
  FlowFrames,
  Fragments,
  IdleQueue,
  ModeTraffic,
  OpenedFlows,
  PacketBatch,
  type OpenedFlow,
} from '@relay/relay';
import { ClientChannel, keyPairOf, nodePrimitives, parseInvitation, type SessionEvent } from '@relay/session';
import { createSocket } from '@relay/socket';
import { until } from './until.js';

const packed = (endpoint: Endpoint): Uint8Array => {
  const bytes = new Uint8Array(PACKED_ENDPOINT_BYTES);
  packEndpoint(endpoint, bytes, 0);
  return bytes;
};

export class LoopbackClient {
  readonly socket = createSocket({ engine: 'dgram', local: { address: '127.0.0.1', port: 0 } });
  readonly traffic = new ModeTraffic();
  readonly drops = new DropCounters();
  readonly events: SessionEvent[] = [];
  /** Statuses and bodies of answers. */
  readonly answers: { readonly status: number; readonly body: Uint8Array }[] = [];
  readonly replies: string[] = [];
  readonly refusals: string[] = [];
  readonly channel: ClientChannel;
  readonly flows: OpenedFlows;
  readonly #idle = new IdleQueue();
  readonly #out = new PacketBatch((batch) => this.socket.sendBatch(batch));
  readonly #entrances = new Map<string, Parameters<OpenedFlows['fromSource']>[0]>();
  readonly #loop: Loop;

  constructor(invitation: string, server: Endpoint) {
    const parsed = parseInvitation(invitation);
    if (typeof parsed === 'string') throw new Error(parsed);
    this.flows = new OpenedFlows('client', new DatagramWriter(this.#out), this.#idle, this.traffic, {
      toSource: (_flow: OpenedFlow, bytes, offset, length) =>
        this.replies.push(Buffer.from(bytes.subarray(offset, offset + length)).toString()),
      refused: (_flow, reason) => this.refusals.push(reason),
    });
    const limits = { maxBytes: 1 << 20, maxDatagrams: 16, timeoutMs: 5000 };
    const fragments = new Fragments(limits, this.#idle, this.drops);
    const frames = new FlowFrames('client');
    this.channel = new ClientChannel({
      staticKey: keyPairOf(parsed.clientPrivateKey),
      serverPublicKey: parsed.serverPublicKey,
      server,
      primitives: nodePrimitives,
      out: this.#out,
    });
    const work: LoopWork = {
      nextDueMs: () => Math.min(this.channel.nextWakeMs, this.#idle.nextExpiryMs),
      due: (nowMs) => {
        this.channel.wake(nowMs);
        this.#idle.expire(nowMs);
      },
      flush: () => {
        this.#drainEvents();
        this.#out.flush();
      },
      failed: (error) => {
        throw error;
      },
    };
    this.#loop = new Loop(work, thisMachine);
    this.socket.onReceive = (batch) => {
      const { channel } = this;
      const nowMs = monotonicMs();
      const flows = { opened: this.flows, accepted: undefined, fragments };
      for (let i = 0; i < batch.count; i++) {
        const code = channel.receive(batch, i, nowMs);
        if (code < 0) this.drops.count(code);
        while (channel.nextFrame(nowMs)) {
          const { type, bytes, offset, end } = channel.frame;
          frames.take<never>(flows, type, bytes, offset, end, nowMs);
        }
        this.#drainEvents();
      }
      this.#loop.settle();
    };
  }

  async connect(): Promise<this> {
    await this.socket.open();
    this.channel.connect(monotonicMs(), Date.now());
    this.#loop.settle();
    await until(() => this.channel.session !== undefined && this.channel.session.peerParameters !== undefined);
    return this;
  }

  /** Sends a datagram of the application at this source port to a target. */
  send(target: Endpoint, payload: string, sourcePort = 1000): void {
    const key = `${target.address} ${target.port}`;
    const mapping = { idleMs: 60_000, maxFlows: 100, flowCount: 0 };
    const entrance = this.#entrances.get(key) ?? { mapping, target: packed(target), flowBySource: new EndpointMap() };
    this.#entrances.set(key, entrance);
    const source = packed({ address: '127.0.0.1', port: sourcePort });
    const bytes = Buffer.from(payload);
    this.flows.fromSource(entrance, source, undefined, 0, bytes, 0, bytes.length, monotonicMs());
    this.#loop.settle();
  }

  /** Sends frames as they are, right or wrong. */
  sendFrames(frames: Uint8Array): void {
    this.channel.session?.sendFrames(frames, 0, frames.length, monotonicMs());
    this.#loop.settle();
  }

  request(kind: number, body: Uint8Array): void {
    this.channel.session?.request(kind, body, monotonicMs());
    this.#loop.settle();
  }

  /** The reasons for which its sessions have ended. */
  get ends(): string[] {
    return this.events.flatMap((event) => (event.kind === 'disconnected' ? [event.reason] : []));
  }

  async close(): Promise<void> {
    this.channel.close(monotonicMs());
    this.#loop.close();
    await this.socket.close();
  }

  #drainEvents(): void {
    for (let event = this.channel.nextEvent(); event !== undefined; event = this.channel.nextEvent())
      this.#happened(event);
  }

  #happened(event: SessionEvent): void {
    this.events.push(event);
    if (event.kind === 'connected') this.flows.setSession(event.session);
    if (event.kind === 'disconnected') this.flows.setSession(undefined);
    if (event.kind === 'answer') this.answers.push({ status: event.status, body: event.body });
  }
}
