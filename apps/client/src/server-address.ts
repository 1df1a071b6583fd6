import { lookup } from 'node:dns/promises';
import { parseAddress, type Endpoint } from '@relay/packet';
import type { Invitation } from '@relay/session';

/** Where the invitation's host is; undefined where its name cannot be resolved now. */
export async function serverAddress({ host, port }: Invitation): Promise<Endpoint | undefined> {
  const literal = parseAddress(host);
  if (literal !== undefined) return { address: literal, port };
  try {
    const [found] = await lookup(host, { all: true, order: 'verbatim' });
    const address = found === undefined ? undefined : parseAddress(found.address);
    return address === undefined ? undefined : { address, port };
  } catch {
    return undefined; // no such name, or no resolver at present: the caller says so and tries again
  }
}
