import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { unpackEndpoint, type DatagramBatch } from '@relay/packet';
import { packPath, type ReceivedFrame, type SessionEvent } from '../src/index.js';
import { batchOf, Outbox } from '../test/two-ends.js';

/** What both ends of the channel have, as far as a socket and a timer need it. */
interface AnyChannel {
  readonly nextWakeMs: number;
  wake(nowMs: number): void;
  receive(batch: DatagramBatch, i: number, nowMs: number): number;
  nextFrame(nowMs: number): boolean;
  readonly frame: ReceivedFrame;
  nextEvent(): SessionEvent | undefined;
}

/** A channel with a real socket and a real clock, as small as can be. */
export class UdpEnd implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #waiting = new Set<() => void>();
  #channel: AnyChannel | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** While true, nothing is sent: for the other side we are gone. */
  isSilent = false;
  readonly out = new Outbox();
  readonly events: SessionEvent['kind'][] = [];
  readonly payloads: Uint8Array[] = [];
  readonly drops: number[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (message, { address, port }) => {
      this.#received(batchOf(message, packPath({ address, port })));
      this.changed();
    });
  }

  static async open(address: string): Promise<UdpEnd> {
    const socket = createSocket('udp4');
    socket.bind(0, address);
    await once(socket, 'listening');
    return new UdpEnd(socket);
  }

  get nowMs(): number {
    return performance.now();
  }

  get port(): number {
    return this.#socket.address().port;
  }

  drive(channel: AnyChannel): void {
    this.#channel = channel;
    this.changed();
  }

  #received(batch: DatagramBatch): void {
    const channel = this.#channel;
    if (channel === undefined) return;
    const result = channel.receive(batch, 0, this.nowMs);
    if (result < 0) this.drops.push(result);
    while (channel.nextFrame(this.nowMs)) {
      const { bytes, offset, end } = channel.frame;
      this.payloads.push(bytes.slice(offset, end));
    }
  }

  /** Resolves when the condition holds; it is asked after everything that happens here. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  /** Sends and drains what has come of a call into the channel, wakes who waits, sets the timer. */
  changed(): void {
    for (const { bytes, destination } of this.out.sent.splice(0)) {
      const { address, port } = unpackEndpoint(destination, 0);
      if (!this.isSilent) this.#socket.send(bytes, port, address);
    }
    const channel = this.#channel;
    for (let event = channel?.nextEvent(); event !== undefined; event = channel?.nextEvent())
      this.events.push(event.kind);
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
    clearTimeout(this.#timer);
    const waitMs = (this.#channel?.nextWakeMs ?? Infinity) - this.nowMs;
    if (waitMs === Infinity) return;
    this.#timer = setTimeout(
      () => {
        this.#channel?.wake(this.nowMs);
        this.changed();
      },
      Math.max(0, Math.ceil(waitMs)),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#channel = undefined;
    clearTimeout(this.#timer);
    const hasClosed = once(this.#socket, 'close');
    this.#socket.close();
    await hasClosed;
  }
}
