import type { Endpoint } from '@relay/packet';
import { SocketError } from '../socket-error.js';
import { resolveOptions, type SocketOptions } from '../socket-options.js';
import type { UdpSocket } from '../udp-socket.js';
import type { BoundSocket, Carrier, SocketHost } from './memory-parts.js';
import { isWildcard, MemorySocket } from './memory-socket.js';
import type { MemoryNat } from './nat.js';

/** How a host is made. */
export interface HostOptions {
  /** The translator it is behind. */
  readonly nat?: MemoryNat;
  /** Sockets that it can have open at once; default: any number. */
  readonly maxSockets?: number;
}

const FIRST_EPHEMERAL_PORT = 32_768;
const PORTS = 65_536;

/** A host of a `MemoryNetwork`. */
export class MemoryHost implements SocketHost {
  readonly network: Carrier;
  readonly addresses: readonly string[];
  /** The translator it is behind now: with another one it has moved to another network. */
  nat: MemoryNat | undefined;
  /**
   * What the host's kernel does with sends: gives them to the network, takes none for the moment
   * ('EAGAIN': they queue), or refuses them with this error.
   */
  sendError: string | undefined;
  /**
   * Which datagrams the host's kernel refuses after a socket has taken them, and with which error
   * (such as 'EPERM'); undefined: none. The socket tells of each by `onError`, with its tag.
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

  /** As {@link createSocket} of the package, on this host; `engine` is ignored. */
  createSocket(options: SocketOptions = {}): UdpSocket {
    return new MemorySocket(resolveOptions(options), this);
  }

  /** The kernel takes sends again. */
  resumeSending(): void {
    this.sendError = undefined;
    for (const sockets of this.#sockets.values()) for (const socket of sockets) socket.flush();
  }

  isLoopback(address: string): boolean {
    return address.startsWith('127.') || address === '::1' || this.addresses.includes(address);
  }

  /** The address that datagrams to a destination leave from; undefined: there is no way. */
  addressFor(destination: string): string | undefined {
    const isIpv6 = destination.includes(':');
    if (this.isLoopback(destination)) return destination;
    return this.addresses.find((address) => address.includes(':') === isIpv6);
  }

  /** Gives a socket its port; throws a SocketError. */
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

  /** Gives an arrived datagram to the socket it is for; false: nobody listens. */
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

  /** Tells the socket that sent from `source` of an ICMP error. */
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
