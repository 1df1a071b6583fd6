/** What the sockets, the hosts and the network of a simulation know of each other. */
import type { Endpoint } from '@relay/packet';
import type { MemoryClock } from './memory-clock.js';
import type { MemoryNat } from './nat.js';

/** What carries datagrams between hosts. */
export interface Carrier {
  readonly clock: MemoryClock;
  /** Carries a datagram from a host; called by its sockets. */
  carry(from: NetworkHost, source: Endpoint, destination: Endpoint, bytes: Uint8Array): void;
}

/** A host as the network sees it. */
export interface NetworkHost {
  /** The translator it is behind. */
  readonly nat: MemoryNat | undefined;
  isLoopback(address: string): boolean;
  /** Gives an arrived datagram to the socket it is for; false: nobody listens. */
  receive(source: Endpoint, destination: Endpoint, bytes: Uint8Array): boolean;
  /** Tells the socket that sent from `source` of an ICMP error. */
  receiveError(source: Endpoint, destination: Endpoint, systemCode: string): void;
}

/** A host as its sockets see it. */
export interface SocketHost extends NetworkHost {
  readonly network: Carrier;
  /** What the host's kernel answers to sends; undefined: it gives them to the network. */
  readonly sendError: string | undefined;
  /** What it answers to one datagram that a socket has taken; undefined: it sends it. */
  readonly refusalOf: (destination: Endpoint) => string | undefined;
  /** The address that datagrams to a destination leave from; undefined: there is no way. */
  addressFor(destination: string): string | undefined;
  /** Gives a socket its port; throws a SocketError. */
  bind(socket: BoundSocket, local: Endpoint, reusePort: boolean): Endpoint;
  unbind(socket: BoundSocket, port: number): void;
}

/** A socket as its host sees it. */
export interface BoundSocket {
  /** Whether another socket may not bind its port to this address. */
  conflictsWith(address: string, reusePort: boolean): boolean;
  /**
   * How exactly the socket fits a datagram: 0 not at all, more for its address, more for its
   * remote.
   */
  fit(source: Endpoint, destination: Endpoint): number;
  /** Which of `sockets` of a shared port gets a datagram. */
  steer(bytes: Uint8Array, source: Endpoint, sockets: number): number;
  /** Takes an arrived datagram, or drops it if its buffer is full. */
  take(source: Endpoint, destination: Endpoint, bytes: Uint8Array): void;
  /** Takes an ICMP error about a datagram to this destination. */
  takeError(systemCode: string, destination: Endpoint): void;
  /** The kernel takes sends again: sends what waits. */
  flush(): void;
}
