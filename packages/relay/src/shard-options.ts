import type { ServerChannelOptions } from '@relay/session';
import type { Route, SocketOptions } from '@relay/socket';
import type { DatagramSender } from './batch/datagram-run.js';
import type { TargetSocket } from './ends/target-socket.js';

/** The parts of a `Shard`. */
export interface ShardOptions {
  /** Options of the sessions; the shard adds its clients and the way out for packets. */
  readonly channel: Omit<ServerChannelOptions, 'out' | 'clients' | 'wallClock'>;
  /** Sends the packets of the sessions: the socket on which they arrive. */
  readonly socket: DatagramSender;
  /** A socket to a target, in the state `created`; may throw a SocketError. */
  readonly openSocket: (options: SocketOptions) => TargetSocket;
  readonly targetSocket: Pick<SocketOptions, 'engine' | 'pathMtuDiscovery' | 'receiveBufferBytes' | 'sendBufferBytes'>;
  /** A steady clock, ms. */
  readonly clock: () => number;
  /** The time of the calendar, for invitations and the timestamps of handshakes: ms since 1970. */
  readonly wallClock: () => number;
  /**
   * Calls `run` once, after all sockets that are ready now have delivered; a flush is due after it.
   */
  readonly soon: (run: () => void) => void;
  /** Called after a target's socket has brought something: {@link Shard.flush} is due soon. */
  readonly settleSoon: () => void;
  /** Whether the server itself listens on the packed endpoint. */
  readonly isOwn: (target: Uint8Array, offset: number) => boolean;
  /**
   * The kernel's route to a packed endpoint: a client reaches this host itself only where its
   * invitation names the address.
   */
  readonly routeTo: (endpoint: Uint8Array) => Route;
  /** File descriptors: flows take no spare ones, and say when there was none for a socket. */
  readonly descriptors: { readonly isShort: boolean; ranOut(): void };
  readonly maxFlows: number;
  /** How many sockets to targets there may be; undefined: any number. */
  readonly maxSockets?: number | undefined;
  readonly maxFlowsPerClient: number;
  /** A flow ends after this many ms of silence. */
  readonly idleMs: number;
}
