import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import {
  canonicalEndpoint,
  copyPackedEndpoint,
  PACKED_ENDPOINT_BYTES,
  packedPort,
  type Endpoint,
  type SendBatch,
} from '@relay/packet';
import { checkBatch, EngineSocket, type OpenedSocket } from '../engine-socket.js';
import { codeOfSystemError, openError, SocketError, systemCodeOf } from '../socket-error.js';
import type { ResolvedOptions } from '../socket-options.js';
import { MAX_DATAGRAM_BYTES } from '../udp-socket.js';
import { withNamedZone } from '../zone.js';
import { destinationText, packSource } from './addresses.js';
import { receiveArena } from './receive-arena.js';
import { watchKernelDrops, type WatchedDrops } from './kernel-drops.js';
import { copyToSendChunk, releaseCopy } from './send-chunk.js';
import { Unanswered } from './unanswered.js';

/** If fewer datagrams than this are unanswered, the queue of Node.js is not checked. */
const MAX_UNANSWERED = 8;
const LARGEST_PAYLOAD = { 4: MAX_DATAGRAM_BYTES, 6: MAX_DATAGRAM_BYTES + 20 };

/**
 * The engine over node:dgram, with one system call per datagram, wherever Node.js runs. It is the
 * reference for the other engines.
 */
export class DgramSocket extends EngineSocket {
  override readonly engine = 'dgram';
  override readonly maxBatch = 1;
  override readonly maxSegments = 1;
  #socket: Socket | undefined;
  #remote: ConnectedRemote | undefined;
  readonly #unanswered = new Unanswered((error, bytes, tag) => this.#afterSend(error, bytes, tag));
  #onDrained: (() => void) | undefined;
  #drops: WatchedDrops | undefined;

  protected override get kernelDrops(): number | undefined {
    return this.#drops?.datagrams;
  }

  protected override async bind(): Promise<OpenedSocket> {
    const { options } = this;
    if (options.steering) throw new SocketError('unsupported', 'open', { subject: 'with steering' });
    if (options.reusePort && !HAS_REUSE_PORT)
      throw new SocketError('unsupported', 'open', { subject: 'with reusePort' });
    const socket = createDgramSocket(options);
    try {
      await listening(socket, options.local);
      if (options.remote) this.#remote = await connected(socket, options.remote);
      if (options.receiveBufferBytes > 0) socket.setRecvBufferSize(options.receiveBufferBytes);
      if (options.sendBufferBytes > 0) socket.setSendBufferSize(options.sendBufferBytes);
    } catch (cause) {
      socket.close();
      throw openError(cause, options.local);
    }
    socket.on('message', (message, from) => this.#receive(message, from));
    socket.on('error', (error) => this.#failReceive(error));
    this.#socket = socket;
    const { address, port } = socket.address();
    // The list of the kernel does not tell the sockets of a shared port apart.
    if (!options.reusePort)
      this.#drops = watchKernelDrops({ address, port }, options.family, (total) => this.reportKernelDrops(total));
    return {
      local: { address, port },
      receiveBufferBytes: socket.getRecvBufferSize(),
      sendBufferBytes: socket.getSendBufferSize(),
    };
  }

  #receive(message: Uint8Array, { address, port }: RemoteInfo): void {
    const remote = this.#remote;
    if (remote === undefined) {
      packSource(address, port, receiveArena.sources);
    } else {
      // Datagrams that came between bind and connect may be from anyone.
      if (port !== remote.port || address !== remote.address) return;
      copyPackedEndpoint(remote.packed, 0, receiveArena.sources, 0);
    }
    receiveArena.fill(message);
    this.deliver(receiveArena, message.length);
  }

  protected override write(batch: SendBatch): number {
    const socket = this.#socket;
    if (socket === undefined) return 0;
    checkBatch(batch);
    let accepted = 0;
    while (accepted < batch.count && this.#hasRoom(socket, batch.lengths[accepted] ?? 0)) {
      this.#writeOne(socket, batch, accepted++);
    }
    this.counters.queueDrops += batch.count - accepted;
    return accepted;
  }

  /**
   * Node.js tries to send within the call and reports the result only later. Therefore its queue is
   * checked when a few sends are unanswered.
   */
  #hasRoom(socket: Socket, length: number): boolean {
    if (this.#unanswered.count < MAX_UNANSWERED) return true;
    const queuedBytes = queuedBytesOf(socket) ?? this.#unanswered.count * length;
    if (queuedBytes === 0) return true;
    if (queuedBytes + length > this.options.sendQueueBytes) return false;
    this.counters.queuedDatagrams++;
    return true;
  }

  #writeOne(socket: Socket, batch: SendBatch, i: number): void {
    const { bytes, offsets, lengths, destinations, tags } = batch;
    const length = lengths[i] ?? 0;
    if (length > LARGEST_PAYLOAD[this.options.family]) {
      // If it waited, Node.js could lose its neighbours with it.
      this.losses.refused(batch, i, i + 1, 'EMSGSIZE');
    } else if (destinations === undefined || this.#remote !== undefined) {
      socket.send(copyToSendChunk(bytes, offsets[i] ?? 0, length), this.#unanswered.add(tags?.[i] ?? 0));
    } else {
      const at = i * PACKED_ENDPOINT_BYTES;
      const port = packedPort(destinations, at);
      if (port === 0) {
        this.losses.refused(batch, i, i + 1, 'EINVAL');
        return;
      }
      const address = destinationText(destinations, at, this.options.family);
      const copy = copyToSendChunk(bytes, offsets[i] ?? 0, length);
      socket.send(copy, port, address, this.#unanswered.add(tags?.[i] ?? 0));
    }
  }

  /** The error knows its destination. */
  #afterSend(error: Error | null, bytes: number, tag: number): void {
    releaseCopy();
    if (error === null) this.counters.countSent(1, bytes);
    else this.#notSent(error, tag);
    if (this.#unanswered.count === 0) this.#onDrained?.();
  }

  #notSent(error: Error, tag: number): void {
    const systemCode = systemCodeOf(error);
    const destination = this.options.remote ?? destinationOf(error);
    if (systemCode === 'ECANCELED') this.losses.droppedOne(tag, destination);
    else this.losses.refusedOne(systemCode, tag, destination);
  }

  #failReceive(error: Error): void {
    const systemCode = systemCodeOf(error);
    this.failReceive(systemCode, codeOfSystemError(systemCode), this.options.remote);
  }

  protected override get unsentBytes(): number {
    return this.#unanswered.count > 0 && this.#socket !== undefined ? (queuedBytesOf(this.#socket) ?? 0) : 0;
  }

  protected override async release(): Promise<void> {
    const socket = this.#socket;
    if (socket === undefined) return;
    if (this.#unanswered.count > 0) await this.#drained(this.options.closeTimeoutMs);
    // This is not `once`: a late error from the network is no failure to close.
    await new Promise<void>((resolve) => socket.close(resolve));
    this.#socket = undefined;
    this.#drops?.end();
    // Node.js reports the close before it calls back for unsent datagrams.
    if (this.#unanswered.count > 0) await this.#drained();
  }

  /** Resolves when Node.js has called back for every send, or after `timeoutMs`. */
  #drained(timeoutMs?: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = timeoutMs === undefined ? undefined : setTimeout(resolve, timeoutMs);
      this.#onDrained = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

interface ConnectedRemote {
  /** The address as node:dgram writes it. */
  readonly address: string;
  readonly port: number;
  readonly packed: Uint8Array;
}

const [NODE_MAJOR = 0, NODE_MINOR = 0] = process.versions.node.split('.').map(Number);
const HAS_REUSE_PORT = NODE_MAJOR > 22 || (NODE_MAJOR === 22 && NODE_MINOR >= 12);

/** How much waits in the runtime; undefined if it does not say, as Deno. */
const queuedBytesOf = (socket: Partial<Pick<Socket, 'getSendQueueSize'>>): number | undefined =>
  socket.getSendQueueSize?.();

function createDgramSocket({ family, dualStack, reusePort }: ResolvedOptions): Socket {
  const options = {
    type: family === 4 ? ('udp4' as const) : ('udp6' as const),
    ipv6Only: family === 6 && !dualStack,
    lookup: addressesOnly,
    reusePort,
  };
  return createSocket(options);
}

/**
 * All hosts are already addresses. Unlike the default lookup, this one answers at once, so that a
 * send can happen within the call.
 */
function addressesOnly(
  host: string,
  _options: unknown,
  callback: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void {
  callback(null, host, host.includes(':') ? 6 : 4);
}

async function listening(socket: Socket, { address, port }: Endpoint): Promise<void> {
  const done = once(socket, 'listening');
  socket.bind({ address: withNamedZone(address), port, exclusive: true });
  await done;
}

async function connected(socket: Socket, remote: Endpoint): Promise<ConnectedRemote> {
  const done = once(socket, 'connect');
  const isMapped = socket.address().family === 'IPv6' && !remote.address.includes(':');
  socket.connect(remote.port, isMapped ? `::ffff:${remote.address}` : withNamedZone(remote.address));
  await done;
  const { address, port } = socket.remoteAddress();
  const packed = new Uint8Array(PACKED_ENDPOINT_BYTES);
  packSource(address, port, packed);
  return { address, port, packed };
}

function destinationOf(error: Error): Endpoint | undefined {
  const { address, port } = error as Partial<Endpoint>;
  return address !== undefined && port !== undefined ? canonicalEndpoint({ address, port }) : undefined;
}
