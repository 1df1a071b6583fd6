import type { SocketError, SocketErrorCode } from '@relay/socket';

/** Why some targets cannot be reached, though others can. */
const ABOUT_TARGETS: ReadonlySet<SocketErrorCode> = new Set([
  'address-not-available',
  'connection-refused',
  'host-unreachable',
  'invalid-argument',
  'ipv6-unavailable',
  'network-unreachable',
  'permission-denied',
]);

/** Whether the code says something of the target, not of this process or host as a whole. */
export const isAboutTarget = (code: SocketErrorCode): boolean => ABOUT_TARGETS.has(code);

/** The code of the error of a socket's `open`: a SocketError as a rule. */
export function codeOf(cause: unknown): SocketErrorCode {
  const { code, operation } = { ...(cause as Partial<SocketError>) };
  return operation === undefined ? 'unknown' : (code ?? 'unknown');
}
