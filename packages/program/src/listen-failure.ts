import { formatEndpoint, type Endpoint } from '@relay/packet';
import { SocketError, type SocketErrorCode } from '@relay/socket';
import { EXIT, ProgramFailure } from './exit-code.js';

const REMEDIES: Partial<Record<SocketErrorCode, string>> = {
  'address-in-use': 'another program listens there: stop it, or choose another port',
  'permission-denied': 'ports below 1024 need CAP_NET_BIND_SERVICE',
  'address-not-available': 'choose an address of this host, or 0.0.0.0 or [::] for all',
  'ipv6-unavailable': 'this host has no IPv6: listen on an IPv4 address',
  'too-many-open-files': 'raise the limit with ulimit -n',
  'engine-unavailable': '--engine dgram works everywhere',
};

const WHY: Partial<Record<SocketErrorCode, string>> = {
  'address-in-use': 'the address is in use',
  'permission-denied': 'permission denied',
  'address-not-available': 'this host does not have that address',
  'ipv6-unavailable': 'the address family is not available',
  'too-many-open-files': 'no file descriptors left',
  'engine-unavailable': 'the native engine is not available',
};

/** A failure to listen, in the words of a ProgramFailure: where, and why. */
export class ListenFailure extends ProgramFailure {
  readonly endpoint: Endpoint;
  readonly code: SocketErrorCode;

  constructor(endpoint: Endpoint, cause: SocketError) {
    const remedy = REMEDIES[cause.code];
    const message = `cannot listen on ${formatEndpoint(endpoint)}: ${WHY[cause.code] ?? cause.message}`;
    super(EXIT.failed, remedy === undefined ? message : `${message} (${remedy})`, { cause });
    this.endpoint = endpoint;
    this.code = cause.code;
  }
}

/**
 * Turns an error of listening into a failure that tells the user what to do. Throws `error`
 * unchanged if it is no SocketError.
 */
export function listenFailure(endpoint: Endpoint, error: unknown): ListenFailure {
  if (!(error instanceof SocketError)) throw error;
  return new ListenFailure(endpoint, error);
}
