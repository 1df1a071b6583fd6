import { unpackEndpoint, type Endpoint } from '@relay/packet';
import type { Route } from '../route.js';
import { SocketError } from '../socket-error.js';
import { resolveOptions, type SocketOptions } from '../socket-options.js';
import type { UdpSocket } from '../udp-socket.js';
import type { BoundSocket, Carrier, SocketHost } from './memory-parts.js';
import { isWildcard, MemorySocket } from './memory-socket.js';
import type { MemoryNat } from './nat.js';

/** The options of a host. */
export interface HostOptions {
  /** The NAT in front of the host. */
  readonly nat?: MemoryNat;
  /** The number of sockets that the host can have open at once. Default: any number. */
  readonly maxSockets?: number;
}

const FIRST_EPHEMERAL_PORT = 32_768;
const PORTS = 65_536;

/** A host of a `MemoryNetwork`. */
export class MemoryHost implements SocketHost {
  readonly network: Carrier;
  readonly addresses: readonly string[];
  /**
   * The NAT in front of the host now. A host that gets another NAT has moved to another network.
   */
  nat: MemoryNat | undefined;
  /**
   * What the host's kernel does with a send. Undefined: it gives the datagram to the network.
   * 'EAGAIN': it takes none for the moment, so the datagram waits. Any other value: it refuses the
   * datagram with this error.
   */
  sendError: string | undefined;
  /**
   * Returns the error with which the host's kernel refuses a datagram after the socket has taken it
   * (such as 'EPERM'), or undefined if it does not. The socket reports each refusal by `onError`,
   * with its tag.
   */
  refusalOf: (destination: Endpoint) => string | undefined = () => undefined;
  readonly #maxSockets: number;
  readonly #sockets = new Map<number, BoundSocket[]>();
  #socketCount = 0;
  #nextPort = FIRST_EPHEMERAL_PORT;

  constructor(network: Carrier, addresses: readonly string[], { nat, maxSockets = Infinity }: HostOptions) {
    this.network = network;
    this.addresses = addresses;
    this.nat = nat;
    this.#maxSockets = maxSockets;
  }

  /** Does the same as {@link createSocket} of the package, on this host. `engine` is ignored. */
  createSocket(options: SocketOptions = {}): UdpSocket {
    return new MemorySocket(resolveOptions(options), this);
  }

  /** Makes the kernel take sends again. */
  resumeSending(): void {
    this.sendError = undefined;
    for (const sockets of this.#sockets.values()) for (const socket of sockets) socket.flush();
  }

  isLoopback(address: string): boolean {
    return address.startsWith('127.') || address === '::1' || this.addresses.includes(address);
  }

  /** Does the same as `routeTo` of the package, on this host. */
  routeTo(endpoint: Uint8Array): Route {
    return this.isLoopback(unpackEndpoint(endpoint, 0).address) ? 'local' : 'elsewhere';
  }

  /** Returns the local address for datagrams to a destination, or undefined if there is no path. */
  addressFor(destination: string): string | undefined {
    const isIpv6 = destination.includes(':');
    if (this.isLoopback(destination)) return destination;
    return this.addresses.find((address) => address.includes(':') === isIpv6);
  }

  /** Gives a socket its port. Throws a SocketError. */
  bind(socket: BoundSocket, { address, port }: Endpoint, reusePort: boolean): Endpoint {
    if (this.#socketCount >= this.#maxSockets) throw systemError('too-many-open-files', 'EMFILE');
    if (!isWildcard(address) && !this.isLoopback(address)) throw systemError('address-not-available', 'EADDRNOTAVAIL');
    const bound = { address, port: port === 0 ? this.#freePort() : port };
    const others = this.#sockets.get(bound.port) ?? [];
    if (others.some((other) => other.conflictsWith(address, reusePort)))
      throw systemError('address-in-use', 'EADDRINUSE');
    this.#sockets.set(bound.port, [...others, socket]);
    this.#socketCount++;
    return bound;
  }

  unbind(socket: BoundSocket, port: number): void {
    const left = (this.#sockets.get(port) ?? []).filter((other) => other !== socket);
    if (left.length > 0) this.#sockets.set(port, left);
    else this.#sockets.delete(port);
    this.#socketCount--;
  }

  /** Gives an arrived datagram to its socket. Returns false if no socket listens. */
  receive(source: Endpoint, destination: Endpoint, bytes: Uint8Array): boolean {
    const sockets = this.#sockets.get(destination.port) ?? [];
    const fitting = sockets.map((socket) => socket.fit(source, destination));
    const best = Math.max(0, ...fitting);
    if (best === 0) return false;
    const candidates = sockets.filter((_, i) => fitting[i] === best);
    const chosen = candidates[candidates[0]?.steer(bytes, source, candidates.length) ?? 0];
    chosen?.take(source, destination, bytes);
    return true;
  }

  /** Reports an ICMP error to the socket that sent from `source`. */
  receiveError(source: Endpoint, destination: Endpoint, systemCode: string): void {
    const sockets = this.#sockets.get(source.port) ?? [];
    sockets.find((socket) => socket.fit(destination, source) > 0)?.takeError(systemCode, destination);
  }

  #freePort(): number {
    for (let tries = FIRST_EPHEMERAL_PORT; tries < PORTS; tries++) {
      const port = this.#nextPort++;
      if (this.#nextPort === PORTS) this.#nextPort = FIRST_EPHEMERAL_PORT;
      if (!this.#sockets.has(port)) return port;
    }
    throw systemError('address-in-use', 'EADDRINUSE');
  }
}

function systemError(
  code: 'too-many-open-files' | 'address-not-available' | 'address-in-use',
  systemCode: string,
): SocketError {
  return new SocketError(code, 'open', { systemCode });
}
