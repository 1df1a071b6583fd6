import { addressFamily, canonicalEndpoint, parseAddress, type Endpoint } from '@relay/packet';
import { SocketError } from './socket-error.js';

/** How to open a socket. */
export interface SocketOptions {
  /** `auto` (the default) is native where the addon loads, otherwise dgram. */
  readonly engine?: 'auto' | 'native' | 'dgram';
  /** Where to bind; default: any address of the remote's family (IPv4 without one), any port. */
  readonly local?: Endpoint;
  /**
   * Makes it a connected socket: only this endpoint is heard, sends need no destination, ICMP
   * errors are reported on every engine.
   */
  readonly remote?: Endpoint;
  /** Whether an IPv6 socket takes IPv4 too; default true for `::`, false for other addresses. */
  readonly dualStack?: boolean;
  /**
   * Kernel buffer sizes asked for; beyond the system's limit where the process may. Default: the
   * system's.
   */
  readonly receiveBufferBytes?: number;
  readonly sendBufferBytes?: number;
  /** How much payload may wait when the kernel takes no more; default 1 MiB. 0: nothing waits. */
  readonly sendQueueBytes?: number;
  /** How long `close` waits for what is queued; default 1,000 ms. */
  readonly closeTimeoutMs?: number;
  /** Several sockets share the local port (SO_REUSEPORT). On dgram only from Node.js 22.12 on. */
  readonly reusePort?: boolean;
  /** Which socket of the port gets a datagram; only with `reusePort`, only on native. */
  readonly steering?: Steering;
  /** Whether equal-size runs are sent as one segmented send where possible; default true. */
  readonly sendOffload?: boolean;
  /**
   * Whether runs are received as one where possible; default true. They come without headroom
   * inside the run.
   */
  readonly receiveOffload?: boolean;
  /**
   * Fill {@link ReceiveBatch.locals}, `ecn`, `timestampsMs`; each costs a little per datagram,
   * default false.
   */
  readonly receiveLocals?: boolean;
  readonly receiveEcn?: boolean;
  readonly receiveTimestamps?: boolean;
}

/**
 * Steering of a shared port: with `n` being the 32-bit little-endian number at `offset`, socket
 * number `((n & mask) >> shift) % modulus` gets the datagram, counted in the order in which the
 * sockets were opened. What is too short for it, or names no socket, goes where the kernel's hash
 * of addresses puts it. Give all sockets of the port the same.
 */
export interface Steering {
  /** Offset into the payload, 0 to 65,503. */
  readonly offset: number;
  /** 32-bit mask over the little-endian number at `offset`, applied before `shift`. */
  readonly mask: number;
  /** Bits to shift right after masking; default 0. */
  readonly shift?: number;
  /**
   * How many sockets share the port, 1 to 2^32 - 1, so that every number names one; default 0: the
   * number is taken as it is.
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
  readonly sendOffload: boolean;
  readonly receiveOffload: boolean;
  readonly receiveLocals: boolean;
  readonly receiveEcn: boolean;
  readonly receiveTimestamps: boolean;
}

/**
 * Default of `sendQueueBytes`: some ms of a fast link, little enough that a queue never hides a
 * dead path for long.
 */
export const SEND_QUEUE_BYTES = 1 << 20;
const CLOSE_TIMEOUT_MS = 1000;
const MAX_BUFFER_BYTES = 0x3fffffff; // the kernel doubles it into a signed 32-bit number
const MAX_STEERING_OFFSET = 65503;

/** Checks the options and fills in the defaults; throws a SocketError 'invalid-argument'. */
export function resolveOptions(options: SocketOptions): ResolvedOptions {
  const remote = options.remote && checkedEndpoint('remote', options.remote);
  if (remote?.port === 0) throw invalid('remote: port 0');
  const local = checkedEndpoint('local', options.local ?? anyEndpoint(remote));
  const family = addressFamily(local.address);
  const dualStack = options.dualStack ?? local.address === '::';
  if (remote && family !== addressFamily(remote.address) && !(family === 6 && dualStack))
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
    sendOffload: options.sendOffload ?? true,
    receiveOffload: options.receiveOffload ?? true,
    receiveLocals: options.receiveLocals ?? false,
    receiveEcn: options.receiveEcn ?? false,
    receiveTimestamps: options.receiveTimestamps ?? false,
  };
}

function anyEndpoint(remote: Endpoint | undefined): Endpoint {
  return { address: remote && addressFamily(remote.address) === 6 ? '::' : '0.0.0.0', port: 0 };
}

function checkedEndpoint(name: string, { address, port }: Endpoint): Endpoint {
  if (parseAddress(address) === undefined) throw invalid(`${name}: not an IP address`);
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw invalid(`${name}: not a port`);
  return canonicalEndpoint({ address, port });
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
