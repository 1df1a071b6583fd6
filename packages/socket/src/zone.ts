/**
 * Zones of link-local addresses. The kernel takes the index of an interface; people and Node.js
 * write its name.
 */
import { networkInterfaces } from 'node:os';
import type { Endpoint } from '@relay/packet';

const NUMERIC = /^[0-9]+$/;
const indexByName = new Map<string, number>();

/**
 * Returns the endpoint with `%eth0` written as `%2`. It is unchanged if it has no zone, or if no
 * interface of that name has a link-local address.
 */
export function withNumericZone(endpoint: Endpoint): Endpoint {
  const percent = endpoint.address.indexOf('%');
  if (percent === -1) return endpoint;
  const zone = endpoint.address.slice(percent + 1);
  const index = NUMERIC.test(zone) ? Number(zone) : interfaceIndex(zone);
  if (index === undefined) return endpoint;
  return { address: `${endpoint.address.slice(0, percent)}%${index}`, port: endpoint.port };
}

/** The largest number of an interface. */
const MAX_INDEX = 0xffff_ffff;

/**
 * Returns the address with a number as its zone, if it has one: `fe80::1%2`. Undefined: its zone is
 * a name that stands for no interface of this host, or a number that no interface can have.
 */
export function withKnownZone(address: string): string | undefined {
  if (!address.includes('%')) return address;
  const known = withNumericZone({ address, port: 0 }).address;
  const zone = known.slice(known.indexOf('%') + 1);
  return NUMERIC.test(zone) && Number(zone) <= MAX_INDEX ? known : undefined;
}

/**
 * Returns the address with `%2` written as `%eth0`. It is unchanged if it has no zone, or if no
 * interface of that index has a link-local address.
 */
export function withNamedZone(address: string): string {
  const percent = address.indexOf('%');
  if (percent === -1) return address;
  const zone = address.slice(percent + 1);
  const name = NUMERIC.test(zone) ? interfaceName(Number(zone)) : zone;
  return name === undefined ? address : `${address.slice(0, percent)}%${name}`;
}

function interfaceIndex(name: string): number | undefined {
  if (!indexByName.has(name)) readInterfaces();
  return indexByName.get(name);
}

function interfaceName(index: number): string | undefined {
  const find = () => [...indexByName].find(([, known]) => known === index)?.[0];
  return find() ?? (readInterfaces(), find());
}

/**
 * The known interfaces stay if they cannot be read again. The system opens a socket to read them,
 * and it may have none left.
 */
function readInterfaces(): void {
  const interfaces = interfacesNow();
  if (interfaces === undefined) return;
  indexByName.clear();
  for (const [name, addresses = []] of Object.entries(interfaces)) {
    for (const address of addresses) {
      if (address.family === 'IPv6' && address.scopeid !== 0) indexByName.set(name, address.scopeid);
    }
  }
}

function interfacesNow(): ReturnType<typeof networkInterfaces> | undefined {
  try {
    return networkInterfaces();
  } catch {
    return undefined;
  }
}
