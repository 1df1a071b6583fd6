import { Resolver } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import { parseAddress } from '@relay/packet';

/** The addresses of a name, the preferred one first, and how long they hold, in ms. */
export interface NameAddresses {
  readonly addresses: readonly string[];
  readonly ttlMs: number;
}

/** The answer for a name: there is none of this name, or no name server answered in time. */
export type NameAnswer = NameAddresses | 'not-found' | 'unavailable';

/** In ms: a silent name server is asked again after this time, and given up after twice it. */
const TRY_MS = 800;
const TRIES = 2;
/** In ms: once one family has answered, the other may take so much longer. */
const OTHER_FAMILY_MS = 500;
const LOCALHOST: NameAddresses = { addresses: ['127.0.0.1', '::1'], ttlMs: 300_000 };

/**
 * Asks this machine's name servers for a name that somebody else gave. Takes at most `withinMs` and
 * never rejects. It does not read the hosts file, adds no search domain, and needs no thread: so
 * many silent name servers delay no other work and not the end of the program. Each question has a
 * resolver of its own, and so a source port of its own. An aborted question is `unavailable`.
 */
export async function queryName(name: string, withinMs: number, signal: AbortSignal): Promise<NameAnswer> {
  const host = name.replace(/\.$/, '').toLowerCase();
  if (parseAddress(host) !== undefined) return { addresses: [host], ttlMs: LOCALHOST.ttlMs };
  // RFC 6761 §6.3: no name server is asked for it.
  if (host === 'localhost' || host.endsWith('.localhost')) return LOCALHOST;
  try {
    return await ask(host, withinMs, signal);
  } catch {
    return 'unavailable'; // no file descriptor for a resolver
  }
}

async function ask(host: string, withinMs: number, signal: AbortSignal): Promise<NameAnswer> {
  const resolver = new Resolver({ timeout: TRY_MS, tries: TRIES });
  const end = (): void => resolver.cancel();
  signal.addEventListener('abort', end);
  let timer = setTimeout(end, signal.aborted ? 0 : withinMs);
  const endMs = performance.now() + withinMs;
  const waitLess = (): void => {
    clearTimeout(timer);
    timer = setTimeout(end, Math.max(1, Math.min(OTHER_FAMILY_MS, endMs - performance.now())));
  };
  try {
    const found = await Promise.allSettled(
      [resolver.resolve4(host, { ttl: true }), resolver.resolve6(host, { ttl: true })].map(async (question) => {
        const records = await question;
        waitLess();
        return records;
      }),
    );
    return answerOf(found);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }
}

/** Of an answer with very many addresses, Node.js gives the time of the first ones only. */
type Records = readonly { readonly address: string; readonly ttl: number | undefined }[];

/** More addresses of a name are nobody's to try. */
const MAX_ADDRESSES = 64;

/** What the name servers said of both families, for a host with these interfaces. */
export function answerOf(
  found: readonly PromiseSettledResult<Records>[],
  interfaces: typeof networkInterfaces = networkInterfaces,
): NameAnswer {
  const byFamily = found.map((result) => (result.status === 'fulfilled' ? result.value : []));
  const records = (prefersIpv6(interfaces) ? byFamily.reverse() : byFamily).flat();
  if (records.length === 0)
    return found.every((result) => result.status === 'fulfilled' || NOT_FOUND.has(codeOf(result.reason)))
      ? 'not-found'
      : 'unavailable';
  const times = records.flatMap(({ ttl }) => ttl ?? []);
  const ttlMs = times.length === 0 ? 0 : 1000 * Math.min(...times);
  return { addresses: records.slice(0, MAX_ADDRESSES).map(({ address }) => address), ttlMs };
}

/** The name servers' answers that say that there is nothing of this name. */
const NOT_FOUND: ReadonlySet<unknown> = new Set(['ENOTFOUND', 'ENODATA', 'EBADNAME']);

const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;

/** Whether the host has an IPv6 address with which it gets beyond its links. */
function prefersIpv6(interfaces: typeof networkInterfaces): boolean {
  try {
    return Object.values(interfaces())
      .flatMap((addresses = []) => addresses)
      .some((found) => found.family === 'IPv6' && !found.internal && found.scopeid === 0);
  } catch {
    return false; // no file descriptor to look with
  }
}
