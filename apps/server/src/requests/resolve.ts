import { decodeName, encodeResolvedName, MAX_RESOLVED_ADDRESSES, parseAddress, STATUS } from '@relay/packet';
import { statusOnly, type RequestHandler } from './request.js';

/**
 * A client may use an answer for this time, in ms: the system's resolver does not tell the time
 * that the name's owner allows.
 */
const RESOLVED_TTL_MS = 60_000;

/**
 * Tells the addresses behind a name. Whether the client may go there is judged whenever it opens a
 * flow, so a name that changes gains nothing.
 */
export const resolve: RequestHandler = async ({ body }, { machine: { resolveName } }) => {
  const decoded = decodeName(body);
  if (typeof decoded === 'string') return statusOnly(STATUS.malformed);
  const found = await resolveName(decoded.name).catch(() => []);
  const addresses = tellable(found);
  if (addresses.length === 0) return statusOnly(STATUS.notFound);
  return { status: STATUS.done, body: encodeResolvedName({ ttlMs: RESOLVED_TTL_MS, addresses }) };
};

/** The addresses that mean the same to the client, each once, as many as an answer holds. */
function tellable(found: readonly string[]): string[] {
  const addresses = found.flatMap((address) => parseAddress(address) ?? []).filter((address) => !address.includes('%'));
  return [...new Set(addresses)].slice(0, MAX_RESOLVED_ADDRESSES);
}
