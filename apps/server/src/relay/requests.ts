/** What clients ask the server for by control requests. */
import { lookup } from 'node:dns/promises';
import { decodeName, encodeResolvedName, MAX_RESOLVED_ADDRESSES, parseAddress, REQUEST, STATUS } from '@relay/packet';
import { monotonicMs } from '@relay/program';
import type { Session } from '@relay/session';

/** For how long a client may use an answer, in ms: the system's resolver does not tell what the name's owner allows. */
const RESOLVED_TTL_MS = 60_000;
const NOTHING: Uint8Array = new Uint8Array(0);

/**
 * Answers a request. A name is resolved here and what it resolves to is told; whether the client may go there is judged when it
 * opens a flow, each time anew, so a name that changes gains nothing. An answer that cannot be sent is `failed`.
 */
export function answerRequest(
  session: Session,
  id: number,
  request: number,
  body: Uint8Array,
  failed: (error: unknown) => void,
): void {
  const answer = (status: number, content = NOTHING): void => {
    if (session.isOpen) session.answer(id, status, content, monotonicMs());
  };
  if (request !== REQUEST.resolve) return answer(STATUS.unsupported);
  const decoded = decodeName(body);
  if (typeof decoded === 'string') return answer(STATUS.malformed);
  resolve(decoded.name)
    .then(
      (addresses) =>
        answer(
          addresses.length > 0 ? STATUS.done : STATUS.notFound,
          encodeResolvedName({ ttlMs: RESOLVED_TTL_MS, addresses }),
        ),
      () => answer(STATUS.notFound),
    )
    .catch(failed);
}

async function resolve(name: string): Promise<string[]> {
  const found = await lookup(name, { all: true, order: 'verbatim' });
  const addresses = found
    .flatMap(({ address }) => parseAddress(address) ?? [])
    .filter((address) => !address.includes('%'));
  return [...new Set(addresses)].slice(0, MAX_RESOLVED_ADDRESSES);
}
