import { formatEndpoint, PACKED_ENDPOINT_BYTES, packEndpoint, type Endpoint, type SendBatch } from '@relay/packet';
import { DatagramIterator } from './datagram-iterator.js';
import { about, Losses } from './losses.js';
import { SendQueue } from './send-queue.js';
import { SocketError, type SocketErrorCode } from './socket-error.js';
import type { ResolvedOptions } from './socket-options.js';
import { SocketCounters, type SocketStatistics } from './statistics.js';
import type { Engine, ReceiveBatch, ReceivedDatagram, SocketState, UdpSocket } from './udp-socket.js';
import { withKnownZone, withNumericZone } from './zone.js';

/** What an engine reports about the kernel's socket when it is open. */
export interface OpenedSocket {
  readonly local: Endpoint;
  readonly receiveBufferBytes: number;
  readonly sendBufferBytes: number;
}

const IGNORE = (): void => undefined;
/**
 * The first size of the queue for a socket that opens. Few datagrams wait for a socket, and there
 * are many sockets.
 */
const WAITING_BYTES = 1 << 11;
const WAITING_DATAGRAMS = 4;

/**
 * The common part of the engines: the states, the sends before the socket is open, the checks of a
 * batch, the counts.
 */
export abstract class EngineSocket implements UdpSocket {
  abstract readonly engine: Engine;
  abstract readonly maxBatch: number;
  abstract readonly maxSegments: number;

  onReceive: (batch: ReceiveBatch) => void = IGNORE;
  onError: (error: SocketError, destination: Endpoint | undefined, tag: number) => void = IGNORE;
  onKernelDrops: (datagrams: number) => void = IGNORE;

  protected readonly options: ResolvedOptions;
  protected readonly counters = new SocketCounters();
  protected readonly losses: Losses;
  #state: SocketState = 'created';
  #opened: OpenedSocket | undefined;
  #opening: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  /** The datagrams that wait for the socket to open. */
  #waiting: SendQueue | undefined;
  #iterator: DatagramIterator | undefined;
  #reportedDrops = 0;

  constructor(options: ResolvedOptions) {
    this.options = options;
    this.losses = new Losses(this.counters, options.remote, (error, to, tag) => this.onError(error, to, tag));
  }

  /**
   * Makes the kernel's socket, binds it and connects it. Throws a SocketError and leaves nothing
   * open.
   */
  protected abstract bind(): Promise<OpenedSocket> | OpenedSocket;
  /**
   * Sends a checked batch on an open socket. Returns how many datagrams were accepted. The engine
   * has counted the others.
   */
  protected abstract write(batch: SendBatch): number;
  /** Waits for the engine's queue for at most `closeTimeoutMs`, then releases everything. */
  protected abstract release(): Promise<void>;
  /** Payload bytes in the engine's queue. */
  protected abstract readonly unsentBytes: number;
  protected abstract readonly kernelDrops: number | undefined;

  protected get refusedRuns(): number {
    return 0;
  }

  get state(): SocketState {
    return this.#state;
  }

  get local(): Endpoint {
    return this.#opened?.local ?? this.options.local;
  }

  get remote(): Endpoint | undefined {
    return this.options.remote;
  }

  get receiveBufferBytes(): number {
    return this.#opened?.receiveBufferBytes ?? 0;
  }

  get sendBufferBytes(): number {
    return this.#opened?.sendBufferBytes ?? 0;
  }

  get queuedBytes(): number {
    return (this.#waiting?.waitingBytes ?? 0) + this.unsentBytes;
  }

  get statistics(): SocketStatistics {
    return this.counters.snapshot(this.kernelDrops, this.refusedRuns);
  }

  open(): Promise<void> {
    if (this.#state === 'created') {
      this.#state = 'opening';
      this.#opening = this.#open();
    }
    return this.#opening ?? Promise.reject(new SocketError('closed', 'open'));
  }

  async #open(): Promise<void> {
    try {
      this.#checkZones();
      this.#opened = await this.bind();
    } catch (error) {
      this.#state = 'closed';
      this.#dropWaiting(error);
      throw error;
    }
    this.#state = 'open';
    this.#sendWaiting();
  }

  /** Throws where an endpoint names an interface that this host does not have. */
  #checkZones(): void {
    for (const endpoint of [this.options.local, this.options.remote]) {
      if (endpoint === undefined || withKnownZone(endpoint.address) !== undefined) continue;
      throw new SocketError('address-not-available', 'open', {
        subject: `with the zone of ${formatEndpoint(endpoint)}`,
      });
    }
  }

  send(bytes: Uint8Array, destination?: Endpoint): boolean {
    if (destination === undefined) return this.sendBatch(singleDatagram(bytes, undefined)) === 1;
    try {
      packEndpoint(withNumericZone(destination), DESTINATION, 0);
    } catch (cause) {
      throw new SocketError('invalid-argument', 'send', { subject: 'to what is no endpoint', cause });
    }
    return this.sendBatch(singleDatagram(bytes, DESTINATION)) === 1;
  }

  sendBatch(batch: SendBatch): number {
    if (batch.destinations === undefined && this.options.remote === undefined)
      throw new SocketError('invalid-argument', 'send', { subject: 'without a destination' });
    if (batch.tags && batch.tags.length < batch.count) throw invalidBatch();
    if (this.#state === 'open') return batch.count === 0 ? 0 : this.write(batch);
    if (this.#state === 'opening') return this.#wait(batch);
    this.counters.queueDrops += batch.count;
    this.counters.countError('closed', batch.count);
    return 0;
  }

  #wait(batch: SendBatch): number {
    checkBatch(batch);
    this.#waiting ??= new SendQueue(WAITING_BYTES, WAITING_DATAGRAMS);
    const accepted = this.#waiting.append(batch, 0, this.options.sendQueueBytes);
    this.counters.queuedDatagrams += accepted;
    this.counters.queueDrops += batch.count - accepted;
    return accepted;
  }

  #sendWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    // At most as much waits as the engine's queue may hold, so all of it is accepted.
    if (waiting && waiting.count > 0) this.write(waiting);
  }

  #dropWaiting(cause: unknown): void {
    if (this.#waiting) this.losses.notOpened(this.#waiting, cause);
    this.#waiting = undefined;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#state === 'opening') await this.#opening?.catch(IGNORE);
    if (this.#state === 'open') {
      this.#state = 'closing';
      await this.release();
    }
    this.#state = 'closed';
    this.#iterator?.finish();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<ReceivedDatagram> {
    const iterator = new DatagramIterator(this, this.counters);
    this.#iterator?.finish();
    this.#iterator = iterator;
    if (this.#state === 'closed') iterator.finish();
    return iterator;
  }

  /** Delivers a batch to the caller if the socket is still open. */
  protected deliver(batch: ReceiveBatch, bytes: number): void {
    if (this.#state !== 'open') return;
    this.counters.countReceived(batch.count, bytes);
    this.onReceive(batch);
  }

  /** Reports what is new in the number of datagrams that the kernel has dropped so far. */
  protected reportKernelDrops(kernelDrops: number): void {
    const datagrams = kernelDrops - this.#reportedDrops;
    if (datagrams <= 0) return;
    this.#reportedDrops = kernelDrops;
    this.onKernelDrops(datagrams);
  }

  /**
   * Counts and reports an error of the network about an earlier send, or an error of a receive.
   * Must not be called during a send.
   */
  protected failReceive(systemCode: string | undefined, code: SocketErrorCode, to?: Endpoint): void {
    this.counters.countError(code);
    const operation = ICMP_CODES.has(code) ? 'icmp' : 'receive';
    this.onError(new SocketError(code, operation, { systemCode, ...about(to) }), to, 0);
  }
}

/** Errors that no receive can have itself. They came back from the network. */
const ICMP_CODES: ReadonlySet<SocketErrorCode> = new Set([
  'connection-refused',
  'host-unreachable',
  'network-unreachable',
  'message-too-large',
  'permission-denied',
]);

/** Throws a SocketError 'invalid-argument' if the batch names more than its arrays hold. */
export function checkBatch({ bytes, count, offsets, lengths, destinations, locals }: SendBatch): void {
  const packedBytes = count * PACKED_ENDPOINT_BYTES;
  const isShort = count > offsets.length || count > lengths.length;
  if (isShort || (destinations && destinations.length < packedBytes) || (locals && locals.length < packedBytes))
    throw invalidBatch();
  for (let i = 0; i < count; i++) {
    if ((offsets[i] ?? 0) + (lengths[i] ?? 0) > bytes.length) throw invalidBatch();
  }
}

/** Returns the error for a batch whose numbers lie outside its arrays. */
export function invalidBatch(): SocketError {
  return new SocketError('invalid-argument', 'send', { subject: 'a batch that reaches beyond its bytes' });
}

const DESTINATION = new Uint8Array(PACKED_ENDPOINT_BYTES);
const OFFSETS = Uint32Array.of(0);
const LENGTHS = Uint32Array.of(0);

/** Returns a batch of one datagram. Its arrays are reused, so it is valid until the next call. */
function singleDatagram(bytes: Uint8Array, destinations: Uint8Array | undefined): SendBatch {
  LENGTHS[0] = bytes.length;
  const batch = { bytes, count: 1, offsets: OFFSETS, lengths: LENGTHS };
  return destinations === undefined ? batch : { ...batch, destinations };
}
