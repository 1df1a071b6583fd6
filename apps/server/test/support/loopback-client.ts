/**
 * A client of one invitation in this process: a client's shard over a loopback socket, without the
 * client's program.
 */
import {
  decodePublishedPorts,
  encodePublish,
  encodePublishedPorts,
  FEATURE,
  packEndpoint,
  PACKED_ENDPOINT_BYTES,
  REQUEST,
  STATUS,
  type Endpoint,
  type PublishedPorts,
  type PublishRequest,
} from '@relay/packet';
import { Loop, monotonicMs, thisMachine, type LoopWork } from '@relay/program';
import { ClientShard, ListenerPort, Service, type ClientEvent, type Listener } from '@relay/relay';
import { keyPairOf, nodePrimitives, parseInvitation, type ClientChannel } from '@relay/session';
import { createSocket } from '@relay/socket';
import { until } from './until.js';

const packed = (endpoint: Endpoint): Uint8Array => {
  const bytes = new Uint8Array(PACKED_ENDPOINT_BYTES);
  packEndpoint(endpoint, bytes, 0);
  return bytes;
};

export class LoopbackClient {
  readonly socket = createSocket({ engine: 'dgram', local: { address: '127.0.0.1', port: 0 } });
  readonly events: ClientEvent[] = [];
  /** Statuses and bodies of answers. */
  readonly answers: { readonly status: number; readonly body: Uint8Array }[] = [];
  readonly replies: string[] = [];
  readonly refusals: string[] = [];
  readonly #shard: ClientShard;
  /** By target. */
  readonly #listeners = new Map<string, Listener>();
  readonly #loop: Loop;

  constructor(invitation: string, server: Endpoint) {
    const parsed = parseInvitation(invitation);
    if (typeof parsed === 'string') throw new Error(parsed);
    this.#shard = new ClientShard({
      channel: {
        staticKey: keyPairOf(parsed.clientPrivateKey),
        serverPublicKey: parsed.serverPublicKey,
        server,
        primitives: nodePrimitives,
        parameters: { features: FEATURE.publishEntries },
      },
      socket: this.socket,
      openSocket: thisMachine.openSocket,
      serviceSocket: {},
      clock: monotonicMs,
      settleSoon: () => this.#loop.settleSoon(),
      ranOut: () => undefined,
    });
    const work: LoopWork = {
      nextDueMs: () => this.#shard.nextWakeMs,
      due: (nowMs) => this.#shard.wake(nowMs),
      flush: () => {
        for (const event of this.#shard.takeEvents()) this.#happened(event);
        this.#shard.flush();
      },
      failed: (error) => {
        throw error;
      },
    };
    this.#loop = new Loop(work, thisMachine);
    this.socket.onReceive = (batch) => {
      this.#shard.receive(batch, monotonicMs());
      this.#loop.settle();
    };
  }

  get channel(): ClientChannel {
    return this.#shard.channel;
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
    const listener = this.#listenerFor(target);
    const [port] = listener.ports;
    if (port === undefined) throw new Error('a listener has a port');
    const batch = {
      count: 1,
      bytes: Buffer.from(payload),
      offsets: Uint32Array.of(0),
      lengths: Uint32Array.of(Buffer.byteLength(payload)),
      sources: packed({ address: '127.0.0.1', port: sourcePort }),
      locals: new Uint8Array(PACKED_ENDPOINT_BYTES),
    };
    this.#shard.receiveFromSources(listener, port, batch, monotonicMs());
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

  /** Asks, and gives the answer. */
  async ask(kind: number, body: Uint8Array): Promise<{ readonly status: number; readonly body: Uint8Array }> {
    const before = this.answers.length;
    this.request(kind, body);
    await until(() => this.answers.length > before);
    return this.answers[before] ?? { status: STATUS.failed, body };
  }

  /** Publishes ports that lead to the target, and gives those that the server has opened. */
  async publish(asked: PublishRequest, target: Endpoint): Promise<PublishedPorts> {
    const { status, body } = await this.ask(REQUEST.publish, encodePublish(asked));
    if (status !== STATUS.done) throw new Error(`refused: ${status} ${Buffer.from(body).toString('hex')}`);
    const ports = decodePublishedPorts(body);
    if (typeof ports === 'string') throw new Error(ports);
    const targets = Array.from({ length: ports.count }, () => packed(target));
    this.#shard.services.set(new Service({ idleMs: 60_000, maxFlows: 1000 }, targets), ports);
    return ports;
  }

  async unpublish(ports: PublishedPorts): Promise<number> {
    return (await this.ask(REQUEST.unpublish, encodePublishedPorts(ports))).status;
  }

  /** The reasons for which its sessions have ended. */
  get ends(): string[] {
    return this.events.flatMap((event) => (event.kind === 'disconnected' ? [event.reason] : []));
  }

  async close(): Promise<void> {
    void this.#shard.close(monotonicMs());
    this.#loop.close();
    await this.socket.close();
  }

  #listenerFor(target: Endpoint): Listener {
    const key = `${target.address} ${target.port}`;
    const known = this.#listeners.get(key);
    if (known !== undefined) return known;
    const port = new ListenerPort({
      sendBatch: ({ bytes, offsets, lengths, count }) => {
        for (let i = 0; i < count; i++) {
          const offset = offsets[i] ?? 0;
          this.replies.push(Buffer.from(bytes.subarray(offset, offset + (lengths[i] ?? 0))).toString());
        }
        return count;
      },
    });
    port.target = packed(target);
    const listener = this.#shard.newListener({ idleMs: 60_000, maxFlows: 100 }, [port]);
    this.#listeners.set(key, listener);
    return listener;
  }

  #happened(event: ClientEvent): void {
    this.events.push(event);
    if (event.kind === 'answer') this.answers.push({ status: event.status, body: event.body });
    if (event.kind === 'refused') this.refusals.push(event.reason);
  }
}
