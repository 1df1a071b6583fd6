import type { PublishedPorts } from '@relay/packet';
import type { PortRange } from '@relay/relay';

/** How many ports are tried at random before all are tried in order. */
const RANDOM_TRIES = 16;
const RANDOM_BYTES = 4;

/** The first port that lies outside the permitted ranges; undefined if all are permitted. */
export function firstOutside({ endpoint, count }: PublishedPorts, permitted: readonly PortRange[]): number | undefined {
  const end = endpoint.port + count;
  for (let port = endpoint.port; port < end;) {
    const range = permitted.find(({ first, last }) => first <= port && port <= last);
    if (range === undefined) return port;
    port = range.last + 1;
  }
  return undefined;
}

/**
 * Permitted ports in the order in which they are tried as any port: some at random, so that nobody
 * can guess the next one, then all of them. `random` fills bytes.
 */
export function* portsToTry(
  permitted: readonly PortRange[],
  random: (bytes: Uint8Array) => void,
): Generator<number, undefined> {
  const total = permitted.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  if (total === 0) return;
  const bytes = new DataView(new ArrayBuffer(RANDOM_BYTES));
  for (let i = 0; i < RANDOM_TRIES; i++) {
    random(new Uint8Array(bytes.buffer));
    yield portAt(permitted, bytes.getUint32(0) % total);
  }
  for (const { first, last } of permitted) for (let port = first; port <= last; port++) yield port;
}

/** The port with this number, from 0, when all ranges are laid end to end. */
function portAt(permitted: readonly PortRange[], number: number): number {
  let left = number;
  for (const { first, last } of permitted) {
    if (left <= last - first) return first + left;
    left -= last - first + 1;
  }
  return 0;
}
