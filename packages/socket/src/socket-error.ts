import { formatEndpoint, type Endpoint } from '@relay/packet';

/** The reasons of a failure: a closed set, the same on every engine and platform. */
export const SOCKET_ERROR_CODES = [
  'address-in-use',
  'address-not-available',
  'permission-denied',
  'too-many-open-files',
  'connection-refused',
  'host-unreachable',
  'network-unreachable',
  'message-too-large',
  'no-buffers',
  'ipv6-unavailable',
  'unsupported',
  'engine-unavailable',
  'invalid-argument',
  'closed',
  'unknown',
] as const;

/** One of {@link SOCKET_ERROR_CODES}. */
export type SocketErrorCode = (typeof SOCKET_ERROR_CODES)[number];

/** What the socket did when it failed. `icmp` is a message of the network about an earlier send. */
export type SocketOperation = 'create' | 'open' | 'send' | 'icmp' | 'receive';

/** The details of a {@link SocketError}. */
export interface SocketErrorDetails {
  /** The object of the operation, for the message. */
  readonly subject?: string;
  readonly systemCode?: string | undefined;
  readonly datagrams?: number;
  readonly cause?: unknown;
}

/**
 * A failure of a socket. `code` is stable. `systemCode` and `cause` hold what the system reported.
 */
export class SocketError extends Error {
  override readonly name = 'SocketError';
  readonly code: SocketErrorCode;
  readonly operation: SocketOperation;
  /** The system's name of the error, such as 'ECONNREFUSED', if the system reported it. */
  readonly systemCode: string | undefined;
  /** The number of sent datagrams that this error is about. */
  readonly datagrams: number;

  constructor(code: SocketErrorCode, operation: SocketOperation, details: SocketErrorDetails = {}) {
    const { subject, systemCode, datagrams = 0, cause } = details;
    super(
      `${WHAT_FAILED[operation]}${subject === undefined ? '' : ` ${subject}`}: ${MEANINGS[code]}`,
      cause === undefined ? undefined : { cause },
    );
    this.code = code;
    this.operation = operation;
    this.systemCode = systemCode;
    this.datagrams = datagrams;
  }
}

/**
 * Returns the code for a system's error name such as 'EADDRINUSE', or 'unknown' for a name without
 * a code.
 */
export function codeOfSystemError(systemCode: string | undefined): SocketErrorCode {
  return (systemCode !== undefined && CODE_OF_SYSTEM_ERROR.get(systemCode)) || 'unknown';
}

/**
 * Returns the system's name of an error that Node throws, or undefined if it has none. It checks
 * the shape of the error, because the error may come from another realm.
 */
export function systemCodeOf(error: unknown): string | undefined {
  const hasCode = typeof error === 'object' && error !== null && 'code' in error;
  return hasCode && typeof error.code === 'string' ? error.code : undefined;
}

/** Returns the error of a failed `open`. */
export function openError(cause: unknown, local: Endpoint): SocketError {
  if (cause instanceof SocketError) return cause;
  const systemCode = systemCodeOf(cause);
  const subject = `on ${formatEndpoint(local)}`;
  return new SocketError(codeOfSystemError(systemCode), 'open', { subject, systemCode, cause });
}

const CODE_OF_SYSTEM_ERROR = new Map<string, SocketErrorCode>([
  ['EADDRINUSE', 'address-in-use'],
  ['EADDRNOTAVAIL', 'address-not-available'],
  ['EACCES', 'permission-denied'],
  ['EPERM', 'permission-denied'],
  ['EMFILE', 'too-many-open-files'],
  ['ENFILE', 'too-many-open-files'],
  ['ECONNREFUSED', 'connection-refused'],
  ['ECONNRESET', 'connection-refused'],
  ['EHOSTUNREACH', 'host-unreachable'],
  ['EHOSTDOWN', 'host-unreachable'],
  ['ENETUNREACH', 'network-unreachable'],
  ['ENETDOWN', 'network-unreachable'],
  ['EMSGSIZE', 'message-too-large'],
  ['ENOBUFS', 'no-buffers'],
  ['ENOMEM', 'no-buffers'],
  ['EAGAIN', 'no-buffers'],
  ['EAFNOSUPPORT', 'ipv6-unavailable'],
  ['EOPNOTSUPP', 'unsupported'],
  ['ENOPROTOOPT', 'unsupported'],
  ['EINVAL', 'invalid-argument'],
  ['EBADF', 'closed'],
]);

const WHAT_FAILED: Readonly<Record<SocketOperation, string>> = {
  create: 'cannot create a socket',
  open: 'cannot open a socket',
  send: 'cannot send',
  icmp: 'the network answered',
  receive: 'cannot receive',
};

const MEANINGS: Readonly<Record<SocketErrorCode, string>> = {
  'address-in-use': 'the address is in use',
  'address-not-available': 'the address is not one of this host',
  'permission-denied': 'permission denied',
  'too-many-open-files': 'no file descriptors left',
  'connection-refused': 'nobody listens there',
  'host-unreachable': 'the host is unreachable',
  'network-unreachable': 'the network is unreachable',
  'message-too-large': 'the datagram is too large',
  'no-buffers': 'no buffer space left',
  'ipv6-unavailable': 'the address family is not available here',
  unsupported: 'not supported here',
  'engine-unavailable': 'the engine is not available',
  'invalid-argument': 'invalid argument',
  closed: 'the socket is not open',
  unknown: 'unknown error',
};
