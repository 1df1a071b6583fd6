import { lookup } from 'node:dns/promises';
import { parseAddress, type Endpoint } from '@relay/packet';
import type { Invitation } from '@relay/session';

/** Where the invitation's host may be, the system's preference first; empty where its name cannot be resolved now. */
export async function serverAddresses({ host, port }: Invitation): Promise<Endpoint[]> {
  const literal = parseAddress(host);
  if (literal !== undefined) return [{ address: literal, port }];
  try {
    const found = await lookup(host, { all: true, order: 'verbatim' });
    return found.flatMap(({ address }) => parseAddress(address) ?? []).map((address) => ({ address, port }));
  } catch {
    return []; // no such name, or no resolver at present: the caller says so and tries again
  }
}
