import { STATUS } from '@relay/packet';
import { ListenFailure } from '@relay/program';
import type { SocketErrorCode } from '@relay/socket';
import type { Overlap } from './port-book.js';
import type { PublishOutcome, PublishReason } from './publish-event.js';

/** A request to publish that was refused. */
export type RefusedOutcome = Exclude<PublishOutcome, { status: typeof STATUS.done }>;

/** Another program has the port, or the system does not let this one have it. */
const UNAVAILABLE: ReadonlySet<SocketErrorCode> = new Set([
  'address-in-use',
  'address-not-available',
  'permission-denied',
  'ipv6-unavailable',
  'invalid-argument',
]);
/** The host has no room for more sockets. */
const FULL: ReadonlySet<SocketErrorCode> = new Set(['too-many-open-files', 'no-buffers']);

export const refused = (
  status: RefusedOutcome['status'],
  reason: PublishReason,
  port?: number,
  holder?: string,
): RefusedOutcome => ({ status, reason, ...(port !== undefined && { port }), ...(holder !== undefined && { holder }) });

/** The refusal of ports of which somebody holds one; `key` is of the client that asks. */
export function refusedOverlap({ port, holder }: Overlap, key: string): RefusedOutcome {
  return holder.key === key
    ? refused(STATUS.unavailable, 'used-by-another-mapping', port)
    : refused(STATUS.unavailable, 'held-by-another-client', port, holder.client);
}

/** The refusal for a failure of sockets. Throws `error` if it is none. */
export function refusedFailure(error: unknown): RefusedOutcome {
  if (!(error instanceof ListenFailure)) throw error;
  const { code, endpoint } = error;
  if (UNAVAILABLE.has(code)) return refused(STATUS.unavailable, code, endpoint.port);
  if (FULL.has(code)) return refused(STATUS.limit, code, endpoint.port);
  return refused(STATUS.failed, code, endpoint.port);
}
