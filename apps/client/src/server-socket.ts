import { parseAddress, type DatagramBatch, type SendBatch } from '@relay/packet';
import type { CountedPackets } from '@relay/program';
import { SocketError, type SocketOptions, type UdpSocket } from '@relay/socket';

const ANY_IPV4 = '0.0.0.0';
const ANY_ADDRESS = '::';

/**
 * A name may lead to one family today and to the other tomorrow. Therefore this is a socket for
 * both.
 */
const localAddressFor = (host: string): string =>
  parseAddress(host)?.includes(':') === false ? ANY_IPV4 : ANY_ADDRESS;

/** The parts of a {@link ServerSocket}. */
export interface ServerSocketOptions {
  /** The host of the invitation. */
  readonly host: string;
  readonly openSocket: (options: Pick<SocketOptions, 'local'>) => UdpSocket;
  readonly onReceive: (batch: DatagramBatch) => void;
  /** The kernel has dropped so many datagrams. */
  readonly onKernelDrops: (datagrams: number) => void;
  /** A datagram with this tag, or several, could not be sent. */
  readonly onError: (error: SocketError, tag: number) => void;
}

/** The socket to the server. It can move to another local port. */
export class ServerSocket {
  readonly #options: ServerSocketOptions;
  #address: string;
  #socket: UdpSocket;
  #isRenewing = false;
  #isClosed = false;
  /** Of the sockets before. */
  #former: CountedPackets = NOTHING;

  constructor(options: ServerSocketOptions) {
    this.#options = options;
    this.#address = localAddressFor(options.host);
    this.#socket = this.#new();
  }

  get socket(): UdpSocket {
    return this.#socket;
  }

  /** The counts of all its sockets so far. */
  get statistics(): CountedPackets {
    return sum(this.#former, this.#socket.statistics);
  }

  sendBatch(batch: SendBatch): number {
    return this.#socket.sendBatch(batch);
  }

  /** If there is no IPv6, a server with a name may still be reached over IPv4. */
  async open(): Promise<void> {
    try {
      await this.#socket.open();
    } catch (error) {
      const isWithoutIpv6 = error instanceof SocketError && error.code === 'ipv6-unavailable';
      if (!isWithoutIpv6 || parseAddress(this.#options.host) !== undefined) throw error;
      this.#address = ANY_IPV4;
      this.#socket = this.#new();
      await this.#socket.open();
    }
  }

  /**
   * Moves to another local port. Whatever on the way remembers where packets from the present port
   * go, and is wrong, is left behind. Stays if there is no other port or no descriptor.
   */
  async renew(): Promise<void> {
    if (this.#isRenewing || this.#isClosed) return;
    this.#isRenewing = true;
    try {
      const next = this.#new();
      await next.open();
      const former = this.#replaceBy(next);
      await former.close();
      this.#former = sum(this.#former, former.statistics);
    } catch (error) {
      if (!(error instanceof SocketError)) throw error;
    } finally {
      this.#isRenewing = false;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#socket.close();
  }

  /** Returns the socket that is not used any more: the new one after an end in between. */
  #replaceBy(next: UdpSocket): UdpSocket {
    if (this.#isClosed) return next;
    const former = this.#socket;
    this.#socket = next;
    return former;
  }

  #new(): UdpSocket {
    const { openSocket, onReceive, onKernelDrops, onError } = this.#options;
    const socket = openSocket({ local: { address: this.#address, port: 0 } });
    socket.onReceive = onReceive;
    socket.onKernelDrops = onKernelDrops;
    socket.onError = (error, _destination, tag) => onError(error, tag);
    return socket;
  }
}

const NOTHING: CountedPackets = {
  receivedDatagrams: 0,
  receivedBytes: 0,
  sentDatagrams: 0,
  sentBytes: 0,
  queueDrops: 0,
  sendFailures: 0,
  kernelDrops: undefined,
};

function sum(one: CountedPackets, other: CountedPackets): CountedPackets {
  const { kernelDrops } = other;
  return {
    receivedDatagrams: one.receivedDatagrams + other.receivedDatagrams,
    receivedBytes: one.receivedBytes + other.receivedBytes,
    sentDatagrams: one.sentDatagrams + other.sentDatagrams,
    sentBytes: one.sentBytes + other.sentBytes,
    queueDrops: one.queueDrops + other.queueDrops,
    sendFailures: one.sendFailures + other.sendFailures,
    kernelDrops: kernelDrops === undefined ? one.kernelDrops : kernelDrops + (one.kernelDrops ?? 0),
  };
}
