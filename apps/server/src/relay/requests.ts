/** What clients ask the server for by control requests. */
import {
  decodeName,
  DROP,
  encodeResolvedName,
  MAX_RESOLVED_ADDRESSES,
  parseAddress,
  REQUEST,
  STATUS,
} from '@relay/packet';
import type { Machine } from '@relay/program';
import type { SessionEvent } from '@relay/session';

/**
 * For how long a client may use an answer, in ms: the system's resolver does not tell what the
 * name's owner allows.
 */
const RESOLVED_TTL_MS = 60_000;
const NOTHING: Uint8Array = new Uint8Array(0);

/** What a client asks for. */
export type ControlRequest = Extract<SessionEvent, { readonly kind: 'request' }>;

/** What follows an answer, at once or later. */
export interface AfterAnswer {
  /** It waits to be sent. */
  answered(): void;
  readonly failed: (error: unknown) => void;
}

/**
 * Answers a request. A name is resolved here and what it resolves to is told; whether the client
 * may go there is judged when it opens a flow, each time anew, so a name that changes gains
 * nothing. An answer that cannot be sent is `failed`.
 */
export function answerRequest(
  { session, id, request, body }: ControlRequest,
  { clock, resolveName }: Pick<Machine, 'clock' | 'resolveName'>,
  done: AfterAnswer,
): void {
  const answer = (status: number, content = NOTHING): void => {
    // What the peer takes may be less than the answer: it hears that there is one.
    if (session.answer(id, status, content, clock()) === DROP.tooLarge)
      session.answer(id, STATUS.failed, NOTHING, clock());
    done.answered();
  };
  if (request !== REQUEST.resolve) return answer(STATUS.unsupported);
  const decoded = decodeName(body);
  if (typeof decoded === 'string') return answer(STATUS.malformed);
  resolveName(decoded.name)
    .then(
      (found) => {
        const addresses = tellable(found);
        const status = addresses.length > 0 ? STATUS.done : STATUS.notFound;
        answer(status, encodeResolvedName({ ttlMs: RESOLVED_TTL_MS, addresses }));
      },
      () => answer(STATUS.notFound),
    )
    .catch(done.failed);
}

/** Those that mean the same to the client, each once, as many as an answer holds. */
function tellable(found: readonly string[]): string[] {
  const addresses = found.flatMap((address) => parseAddress(address) ?? []).filter((address) => !address.includes('%'));
  return [...new Set(addresses)].slice(0, MAX_RESOLVED_ADDRESSES);
}
