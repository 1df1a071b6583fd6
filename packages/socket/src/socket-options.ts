import { parseAddress, type Endpoint } from '@relay/packet';
import { SocketError } from './socket-error.js';

/** How to open a socket. */
export interface SocketOptions {
  /** The engine. `auto` (the default) is native if the addon loads, otherwise dgram. */
  readonly engine?: 'auto' | 'native' | 'dgram';
  /**
   * The endpoint to bind. Default: any address of the remote's family (IPv4 without a remote), any
   * port.
   */
  readonly local?: Endpoint;
  /**
   * Makes the socket a connected one. It only receives from this endpoint, sends need no
   * destination, and every engine reports ICMP errors.
   */
  readonly remote?: Endpoint;
  /** True if an IPv6 socket takes IPv4 too. Default: true for `::`, false for other addresses. */
  readonly dualStack?: boolean;
  /**
   * The requested sizes of the kernel buffers. They exceed the system's limit if the process may do
   * that. Default: the system's.
   */
  readonly receiveBufferBytes?: number;
  readonly sendBufferBytes?: number;
  /**
   * The limit of payload bytes that wait when the kernel takes no more. Default 1 MiB. 0: nothing
   * waits.
   */
  readonly sendQueueBytes?: number;
  /** How long `close` waits for the queue, in ms. Default 1,000. */
  readonly closeTimeoutMs?: number;
  /**
   * True if several sockets share the local port (SO_REUSEPORT). On dgram this needs Node.js 22.12.
   */
  readonly reusePort?: boolean;
  /**
   * Chooses the socket of the shared port for a datagram. Only with `reusePort`, only on native.
   */
  readonly steering?: Steering;
  /**
   * False if routers may cut IPv4 datagrams that exceed the MTU of a link beyond them
   * (IP_PMTUDISC_DONT). The kernel then reports no datagram as too large for its path. It cuts IPv6
   * datagrams itself, after the first one was lost. Only on native; dgram does as with true.
   * Default true: as the system does.
   */
  readonly pathMtuDiscovery?: boolean;
  /** True if runs of equal size are sent as one segmented send if possible. Default true. */
  readonly sendOffload?: boolean;
  /**
   * True if runs are received as one if possible. Default true. There is no headroom inside a run.
   */
  readonly receiveOffload?: boolean;
  /**
   * True to fill {@link ReceiveBatch.locals}, `ecn`, `timestampsMs`. Each one costs a little per
   * datagram. Default false.
   */
  readonly receiveLocals?: boolean;
  readonly receiveEcn?: boolean;
  readonly receiveTimestamps?: boolean;
}

/**
 * Steering of a shared port. If `n` is the 32-bit little-endian number at `offset`, the datagram
 * goes to socket number `((n & mask) >> shift) % modulus`, counted in the order in which the
 * sockets were opened. If the datagram is too short or no socket has that number, the kernel's hash
 * of addresses decides. Give all sockets of the port the same steering.
 */
export interface Steering {
  /** Offset into the payload, 0 to 65,503. */
  readonly offset: number;
  /** 32-bit mask over the little-endian number at `offset`, applied before `shift`. */
  readonly mask: number;
  /** Bits to shift right after the mask. Default 0. */
  readonly shift?: number;
  /**
   * The number of sockets that share the port, 1 to 2^32 - 1, so that every number names one.
   * Default 0: the number is used unchanged.
   */
  readonly modulus?: number;
}

/** Options with every default filled in. */
export interface ResolvedOptions {
  readonly local: Endpoint;
  readonly remote: Endpoint | undefined;
  readonly family: 4 | 6;
  readonly dualStack: boolean;
  readonly receiveBufferBytes: number;
  readonly sendBufferBytes: number;
  readonly sendQueueBytes: number;
  readonly closeTimeoutMs: number;
  readonly reusePort: boolean;
  readonly steering: Required<Steering> | undefined;
  readonly pathMtuDiscovery: boolean;
  readonly sendOffload: boolean;
  readonly receiveOffload: boolean;
  readonly receiveLocals: boolean;
  readonly receiveEcn: boolean;
  readonly receiveTimestamps: boolean;
}

/**
 * The default of `sendQueueBytes`. It holds a few ms of a fast link, which is too little to hide a
 * dead path for long.
 */
export const SEND_QUEUE_BYTES = 1 << 20;
const CLOSE_TIMEOUT_MS = 1000;
const MAX_BUFFER_BYTES = 0x3fffffff; // the kernel doubles it into a signed 32-bit number
const MAX_STEERING_OFFSET = 65503;

/** Checks the options and fills in the defaults. Throws a SocketError 'invalid-argument'. */
export function resolveOptions(options: SocketOptions): ResolvedOptions {
  const remote = options.remote && checkedEndpoint('remote', options.remote);
  if (remote?.port === 0) throw invalid('remote: port 0');
  const local = options.local === undefined ? anyEndpoint(remote) : checkedEndpoint('local', options.local);
  const family = familyOf(local);
  const dualStack = options.dualStack ?? local.address === '::';
  if (remote && family !== familyOf(remote) && !(family === 6 && dualStack))
    throw invalid('local and remote are of different families');
  if (options.steering && options.reusePort !== true) throw invalid('steering without reusePort');
  return {
    local,
    remote,
    family,
    dualStack: family === 6 && dualStack,
    receiveBufferBytes: checkedNumber('receiveBufferBytes', options.receiveBufferBytes ?? 0, MAX_BUFFER_BYTES),
    sendBufferBytes: checkedNumber('sendBufferBytes', options.sendBufferBytes ?? 0, MAX_BUFFER_BYTES),
    sendQueueBytes: checkedNumber('sendQueueBytes', options.sendQueueBytes ?? SEND_QUEUE_BYTES, MAX_BUFFER_BYTES),
    closeTimeoutMs: checkedNumber('closeTimeoutMs', options.closeTimeoutMs ?? CLOSE_TIMEOUT_MS, MAX_BUFFER_BYTES),
    reusePort: options.reusePort ?? false,
    steering: options.steering && checkedSteering(options.steering),
    pathMtuDiscovery: options.pathMtuDiscovery ?? true,
    sendOffload: options.sendOffload ?? true,
    receiveOffload: options.receiveOffload ?? true,
    receiveLocals: options.receiveLocals ?? false,
    receiveEcn: options.receiveEcn ?? false,
    receiveTimestamps: options.receiveTimestamps ?? false,
  };
}

const ANY_IPV4: Endpoint = { address: '0.0.0.0', port: 0 };
const ANY_IPV6: Endpoint = { address: '::', port: 0 };

function anyEndpoint(remote: Endpoint | undefined): Endpoint {
  return remote && familyOf(remote) === 6 ? ANY_IPV6 : ANY_IPV4;
}

/** Of a canonical endpoint: an IPv4-mapped address has been written as IPv4. */
function familyOf({ address }: Endpoint): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}

function checkedEndpoint(name: string, { address, port }: Endpoint): Endpoint {
  const canonical = parseAddress(address);
  if (canonical === undefined) throw invalid(`${name}: not an IP address`);
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw invalid(`${name}: not a port`);
  return { address: canonical, port };
}

function checkedNumber(name: string, value: number, max: number): number {
  if (!Number.isInteger(value) || value < 0 || value > max) throw invalid(`${name}: not within 0 to ${max}`);
  return value;
}

function checkedSteering({ offset, mask, shift = 0, modulus = 0 }: Steering): Required<Steering> {
  return {
    offset: checkedNumber('steering.offset', offset, MAX_STEERING_OFFSET),
    mask: checkedNumber('steering.mask', mask, 0xffffffff),
    shift: checkedNumber('steering.shift', shift, 31),
    modulus: checkedNumber('steering.modulus', modulus, 0xffffffff),
  };
}

function invalid(subject: string): SocketError {
  return new SocketError('invalid-argument', 'create', { subject });
}
