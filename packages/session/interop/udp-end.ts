import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { unpackEndpoint } from '@relay/packet';
import { packPath, type EventSink, type FrameSink, type PacketSink, type SessionEvent } from '../src/index.js';

/** What both ends of the channel have, as far as a socket and a timer need it. */
interface AnyChannel {
  readonly nextWakeMs: number;
  wake(nowMs: number): void;
  receive(
    bytes: Uint8Array,
    offset: number,
    length: number,
    source: Uint8Array,
    sourceOffset: number,
    nowMs: number,
  ): number;
}

/** A channel with a real socket and a real clock, as small as can be. */
export class UdpEnd implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #waiting = new Set<() => void>();
  #channel: AnyChannel | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** While true, nothing is sent: for the other side we are gone. */
  isSilent = false;
  readonly events: SessionEvent['kind'][] = [];
  readonly payloads: Uint8Array[] = [];
  readonly drops: number[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (message, { address, port }) => {
      const result =
        this.#channel?.receive(message, 0, message.length, packPath({ address, port }), 0, this.nowMs) ?? 0;
      if (result < 0) this.drops.push(result);
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

  readonly onPacket: PacketSink = (bytes, offset, length, destination, destinationOffset) => {
    if (this.isSilent) return;
    const { address, port } = unpackEndpoint(destination, destinationOffset);
    this.#socket.send(bytes.slice(offset, offset + length), port, address);
  };

  readonly onFrame: FrameSink = (_session, _type, bytes, offset, end) => {
    this.payloads.push(bytes.slice(offset, end));
  };

  readonly onEvent: EventSink = ({ kind }) => {
    this.events.push(kind);
  };

  /** Resolves when the condition holds; it is asked after everything that happens here. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  /** Wakes who waits, and sets the timer anew. */
  changed(): void {
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
