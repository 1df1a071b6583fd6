import { decodeName, encodeResolvedName, MAX_RESOLVED_ADDRESSES, parseAddress, STATUS } from '@relay/packet';
import { formatKey } from '@relay/session';
import { statusOnly, type RequestHandler } from './request.js';

const STATUSES = { limit: STATUS.limit, 'not-found': STATUS.notFound, unavailable: STATUS.unavailable } as const;

/**
 * Tells the addresses behind a name, as far as the client may go there. Whether it may is judged
 * again whenever it opens a flow, so a name that changes gains nothing.
 */
export const resolve: RequestHandler = async ({ body, publicKey }, { names, shard }) => {
  const decoded = decodeName(body);
  if (typeof decoded === 'string') return statusOnly(STATUS.malformed);
  const answer = await names.ask(formatKey(publicKey), decoded.name);
  if (typeof answer === 'string') return statusOnly(STATUSES[answer]);
  const found = meaningful(answer.addresses);
  if (found.length === 0) return statusOnly(STATUS.notFound);
  const addresses = shard.reachable(publicKey, found).slice(0, MAX_RESOLVED_ADDRESSES);
  if (addresses.length === 0) return statusOnly(STATUS.denied);
  return { status: STATUS.done, body: encodeResolvedName({ ttlMs: Math.round(answer.ttlMs), addresses }) };
};

/** The addresses that mean the same to the client, each once. */
function meaningful(found: readonly string[]): string[] {
  const addresses = found.flatMap((address) => parseAddress(address) ?? []).filter((address) => !address.includes('%'));
  return [...new Set(addresses)];
}
