/** The interfaces between the sockets, the hosts and the network of a simulation. */
import type { Endpoint } from '@relay/packet';
import type { MemoryClock } from './memory-clock.js';
import type { MemoryNat } from './nat.js';

/** Carries datagrams between hosts. */
export interface Carrier {
  readonly clock: MemoryClock;
  /** Carries a datagram from a host. Called by the sockets of the host. */
  carry(from: NetworkHost, source: Endpoint, destination: Endpoint, bytes: Uint8Array): void;
}

/** A host in the view of the network. */
export interface NetworkHost {
  /** The NAT in front of the host. */
  readonly nat: MemoryNat | undefined;
  isLoopback(address: string): boolean;
  /** Gives an arrived datagram to its socket. Returns false if no socket listens. */
  receive(source: Endpoint, destination: Endpoint, bytes: Uint8Array): boolean;
  /** Reports an ICMP error to the socket that sent from `source`. */
  receiveError(source: Endpoint, destination: Endpoint, systemCode: string): void;
}

/** A host in the view of its sockets. */
export interface SocketHost extends NetworkHost {
  readonly network: Carrier;
  /**
   * The error that the host's kernel answers to sends, or undefined if it gives them to the
   * network.
   */
  readonly sendError: string | undefined;
  /**
   * The error that the kernel answers to one datagram that a socket has taken, or undefined if it
   * sends it.
   */
  readonly refusalOf: (destination: Endpoint) => string | undefined;
  /** Returns the local address for datagrams to a destination, or undefined if there is no path. */
  addressFor(destination: string): string | undefined;
  /** Gives a socket its port. Throws a SocketError. */
  bind(socket: BoundSocket, local: Endpoint, reusePort: boolean): Endpoint;
  unbind(socket: BoundSocket, port: number): void;
}

/** A socket in the view of its host. */
export interface BoundSocket {
  /** Returns true if another socket may not bind the same port to this address. */
  conflictsWith(address: string, reusePort: boolean): boolean;
  /**
   * Returns how exactly the socket fits a datagram: 0 not at all, more for its address, more for
   * its remote.
   */
  fit(source: Endpoint, destination: Endpoint): number;
  /** Returns which of `sockets` of a shared port gets a datagram. */
  steer(bytes: Uint8Array, source: Endpoint, sockets: number): number;
  /** Takes an arrived datagram, or drops it if its buffer is full. */
  take(source: Endpoint, destination: Endpoint, bytes: Uint8Array): void;
  /** Takes an ICMP error about a datagram to this destination. */
  takeError(systemCode: string, destination: Endpoint): void;
  /** Sends the waiting datagrams, because the kernel takes sends again. */
  flush(): void;
}
