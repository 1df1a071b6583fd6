import { withNumericZone } from '@relay/socket';

const MAX_INDEX = 0xffff_ffff;

/**
 * The address with a number as its zone, if it has one. Undefined: its zone is a name that stands
 * for no interface of this host, or a number that no interface can have.
 */
export function knownZone(address: string): string | undefined {
  const known = withNumericZone({ address, port: 0 }).address;
  const [, zone = '0'] = known.split('%');
  return /^\d+$/.test(zone) && Number(zone) <= MAX_INDEX ? known : undefined;
}
