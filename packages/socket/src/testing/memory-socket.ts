import { equalEndpoints, PACKED_ENDPOINT_BYTES, unpackEndpoint, type Endpoint, type SendBatch } from '@relay/packet';
import { checkBatch, EngineSocket, type OpenedSocket } from '../engine-socket.js';
import { SendQueue } from '../send-queue.js';
import { codeOfSystemError } from '../socket-error.js';
import type { ResolvedOptions } from '../socket-options.js';
import { MAX_DATAGRAM_BYTES } from '../udp-socket.js';
import type { BoundSocket, SocketHost } from './memory-parts.js';
import { PoisonedArena } from './poisoned-arena.js';

const BUFFER_BYTES = 212_992;
const SYSTEM_CODE_BLOCKED = 'EAGAIN';

interface Arrived {
  readonly source: Endpoint;
  readonly destination: Endpoint;
  readonly bytes: Uint8Array;
}

/**
 * The engine of the in-memory network: the same contract without a kernel. Datagrams that arrive at
 * the same time are one batch.
 */
export class MemorySocket extends EngineSocket implements BoundSocket {
  override readonly engine = 'memory';
  override readonly maxBatch = PoisonedArena.SLOTS;
  override readonly maxSegments = 1;
  readonly #host: SocketHost;
  readonly #arrived: Arrived[] = [];
  #queue: SendQueue | undefined;
  #onDrained: (() => void) | undefined;
  #kernelDrops = 0;
  #arrivedBytes = 0;

  constructor(options: ResolvedOptions, host: SocketHost) {
    super(options);
    this.#host = host;
  }

  protected override bind(): OpenedSocket {
    const { local, reusePort, receiveBufferBytes, sendBufferBytes } = this.options;
    return {
      local: this.#host.bind(this, local, reusePort),
      receiveBufferBytes: receiveBufferBytes || BUFFER_BYTES,
      sendBufferBytes: sendBufferBytes || BUFFER_BYTES,
    };
  }

  /** Returns true if another socket may not bind the same port to this address. */
  conflictsWith(address: string, reusePort: boolean): boolean {
    const own = this.options.local.address;
    const isSame = own === address || this.#takesAll(own, address) || this.#takesAll(address, own);
    return isSame && !(reusePort && this.options.reusePort);
  }

  #takesAll(wildcard: string, address: string): boolean {
    if (!isWildcard(wildcard)) return false;
    return wildcard.includes(':') === address.includes(':') || (wildcard === '::' && this.options.dualStack);
  }

  /**
   * Returns how exactly the socket fits a datagram: 0 not at all, more for its address, more for
   * its remote.
   */
  fit(source: Endpoint, destination: Endpoint): number {
    const { local, remote } = this.options;
    if (this.state !== 'open') return 0;
    if (local.address !== destination.address && !this.#takesAll(local.address, destination.address)) return 0;
    if (remote && !equalEndpoints(remote, source)) return 0;
    return 1 + (local.address === destination.address ? 1 : 0) + (remote ? 2 : 0);
  }

  /** Returns which of `sockets` of a shared port gets a datagram. */
  steer(bytes: Uint8Array, source: Endpoint, sockets: number): number {
    const { steering } = this.options;
    if (steering && bytes.length >= steering.offset + 4) {
      const number = new DataView(bytes.buffer, bytes.byteOffset).getUint32(steering.offset, true);
      const masked = (number & steering.mask) >>> steering.shift;
      const chosen = steering.modulus === 0 ? masked : masked % steering.modulus;
      if (chosen < sockets) return chosen;
    }
    return source.port % sockets;
  }

  /** Takes an arrived datagram. Datagrams that arrive at the same time are delivered together. */
  take(source: Endpoint, destination: Endpoint, bytes: Uint8Array): void {
    if (this.#arrivedBytes + bytes.length > this.receiveBufferBytes) {
      this.reportKernelDrops(++this.#kernelDrops);
      return;
    }
    this.#arrivedBytes += bytes.length;
    if (this.#arrived.push({ source, destination, bytes }) === 1) {
      this.#host.network.clock.schedule(0, () => this.#deliverSome());
    }
  }

  takeError(systemCode: string, destination: Endpoint): void {
    this.failReceive(systemCode, codeOfSystemError(systemCode), destination);
  }

  #deliverSome(): void {
    const arena = PoisonedArena.shared();
    const datagrams = this.#arrived.splice(0, this.maxBatch);
    if (this.#arrived.length > 0) this.#host.network.clock.schedule(0, () => this.#deliverSome());
    let sum = 0;
    for (const { source, destination, bytes } of datagrams) {
      arena.add(bytes, source, this.options.receiveLocals ? destination : undefined);
      sum += bytes.length;
    }
    this.#arrivedBytes -= sum;
    if (this.options.receiveTimestamps) arena.timestampsMs.fill(this.#host.network.clock.nowMs);
    try {
      this.deliver(arena, sum);
    } finally {
      arena.poison();
    }
  }

  protected override write(batch: SendBatch): number {
    checkBatch(batch);
    const isBlocked = this.#host.sendError === SYSTEM_CODE_BLOCKED;
    if (!isBlocked && this.#queue === undefined) {
      for (let i = 0; i < batch.count; i++) this.#sendOne(batch, i);
      return batch.count;
    }
    this.#queue ??= new SendQueue();
    const accepted = this.#queue.append(batch, 0, this.options.sendQueueBytes);
    this.counters.queuedDatagrams += accepted;
    this.counters.queueDrops += batch.count - accepted;
    return accepted;
  }

  #sendOne(batch: SendBatch, i: number): void {
    const { bytes, offsets, lengths, destinations, locals } = batch;
    const at = i * PACKED_ENDPOINT_BYTES;
    const length = lengths[i] ?? 0;
    const to = this.options.remote ?? unpackEndpoint(destinations ?? new Uint8Array(PACKED_ENDPOINT_BYTES), at);
    const { address } = this.options.local;
    const asked = locals ? unpackEndpoint(locals, at).address : address;
    const wanted = isWildcard(asked) ? address : asked;
    const from = isWildcard(wanted) ? this.#host.addressFor(to.address) : wanted;
    const systemCode = this.#host.sendError ?? this.#refusal(to, length, from);
    if (systemCode !== undefined || from === undefined) {
      this.losses.refused(batch, i, i + 1, systemCode);
      return;
    }
    this.counters.countSent(1, length);
    const offset = offsets[i] ?? 0;
    this.#host.network.carry(
      this.#host,
      { address: from, port: this.local.port },
      to,
      bytes.slice(offset, offset + length),
    );
  }

  /** Returns the error with which a kernel would refuse a datagram. */
  #refusal(to: Endpoint, length: number, from: string | undefined): string | undefined {
    if (length > MAX_DATAGRAM_BYTES) return 'EMSGSIZE';
    if (to.port === 0 || (to.address.includes(':') && this.options.family === 4)) return 'EINVAL';
    if (!to.address.includes(':') && this.options.family === 6 && !this.options.dualStack) return 'ENETUNREACH';
    return from === undefined ? 'ENETUNREACH' : this.#host.refusalOf(to);
  }

  /** Sends the waiting datagrams. */
  flush(): void {
    const queue = this.#queue;
    if (queue === undefined) return;
    this.#queue = undefined;
    for (let i = queue.head; i < queue.count; i++) this.#sendOne(queue, i);
    this.#onDrained?.();
  }

  protected override get unsentBytes(): number {
    return this.#queue?.waitingBytes ?? 0;
  }

  protected override get kernelDrops(): number {
    return this.#kernelDrops;
  }

  protected override async release(): Promise<void> {
    if (this.#queue) await this.#drained();
    if (this.#queue) this.losses.dropped(this.#queue, 0, this.#queue.count);
    this.#queue = undefined;
    this.#host.unbind(this, this.local.port);
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#host.network.clock.schedule(this.options.closeTimeoutMs, resolve);
      this.#onDrained = () => {
        cancel();
        resolve();
      };
    });
  }
}

/** Returns true if an address to listen on stands for all addresses of its family. */
export function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}
