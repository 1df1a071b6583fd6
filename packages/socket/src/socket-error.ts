import { formatEndpoint, type Endpoint } from '@relay/packet';

/** Why something failed: a closed set, the same on every engine and platform. */
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

/** What was being done: `icmp` is an answer of the network to an earlier send. */
export type SocketOperation = 'create' | 'open' | 'send' | 'icmp' | 'receive';

/** What a {@link SocketError} is about. */
export interface SocketErrorDetails {
  /** What was acted on, for the message. */
  readonly subject?: string;
  readonly systemCode?: string | undefined;
  readonly datagrams?: number;
  readonly cause?: unknown;
}

/** A failure of a socket. `code` is stable; `systemCode` and `cause` say what the system said. */
export class SocketError extends Error {
  override readonly name = 'SocketError';
  readonly code: SocketErrorCode;
  readonly operation: SocketOperation;
  /** The system's name of the error, such as 'ECONNREFUSED', if it came from there. */
  readonly systemCode: string | undefined;
  /** How many sent datagrams this error stands for. */
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

/** The code for a system's error name such as 'EADDRINUSE'; 'unknown' for those without one. */
export function codeOfSystemError(systemCode: string | undefined): SocketErrorCode {
  return (systemCode !== undefined && CODE_OF_SYSTEM_ERROR.get(systemCode)) || 'unknown';
}

/**
 * The system's name of an error as Node throws it, if it has one. Looks at its shape: it may come
 * from another realm.
 */
export function systemCodeOf(error: unknown): string | undefined {
  const hasCode = typeof error === 'object' && error !== null && 'code' in error;
  return hasCode && typeof error.code === 'string' ? error.code : undefined;
}

/** The error of a failed `open`. */
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
