import type { Endpoint } from '@relay/packet';
import { withNumericZone } from '@relay/socket';

const MAX_INDEX = 0xffff_ffff;

/**
 * Returns the endpoint with a number as its zone, if it has one. Undefined: its zone is a name that
 * stands for no interface of this host, or a number that no interface can have.
 */
export function withKnownZone(endpoint: Endpoint): Endpoint | undefined {
  const known = withNumericZone(endpoint);
  const [, zone = '0'] = known.address.split('%');
  return /^\d+$/.test(zone) && Number(zone) <= MAX_INDEX ? known : undefined;
}
