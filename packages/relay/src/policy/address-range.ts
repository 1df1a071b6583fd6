/**
 * Ranges of addresses, as the policy compares them: on the 16 bytes of a packed endpoint, IPv4 as
 * IPv4-mapped, so that one comparison serves both families.
 */
import { addressFamily, packEndpoint, PACKED_ENDPOINT_BYTES } from '@relay/packet';

/** A range of addresses, ready to be compared. */
export interface AddressRange {
  /** 16 bytes, network order. */
  readonly address: Uint8Array;
  /** How many leading bits count, 0 to 128 (IPv4 prefixes plus 96). */
  readonly prefixBits: number;
}

/** Bytes of an address, of either family. */
export const ADDRESS_BYTES = 16;
const MAPPED_PREFIX_BITS = 96;

/** All IPv4 addresses: `::ffff:0:0/96`. */
export const IPV4_RANGE: AddressRange = addressRange({ address: '0.0.0.0', prefix: 0 });

/** A block of addresses: `10.0.0.0/8`. */
export interface AddressBlock {
  /** Canonical text. */
  readonly address: string;
  /** 0 to 32 or 128. */
  readonly prefix: number;
}

/** The range of a block. */
export function addressRange({ address, prefix }: AddressBlock): AddressRange {
  const packed = new Uint8Array(PACKED_ENDPOINT_BYTES);
  packEndpoint({ address, port: 0 }, packed, 0);
  const prefixBits = addressFamily(address) === 4 ? prefix + MAPPED_PREFIX_BITS : prefix;
  return { address: packed.subarray(0, ADDRESS_BYTES), prefixBits };
}

/**
 * Whether the 16 bytes of an address at `offset` lie in the range. A range of IPv6 addresses,
 * however wide, holds no IPv4 address. Allocates nothing.
 */
export function isInRange(range: AddressRange, bytes: Uint8Array, offset: number): boolean {
  return (
    hasPrefix(range, bytes, offset) && (range.prefixBits >= MAPPED_PREFIX_BITS || !hasPrefix(IPV4_RANGE, bytes, offset))
  );
}

/** Whether every address of the first range lies in the second. */
export const isWithin = (inner: AddressRange, outer: AddressRange): boolean =>
  inner.prefixBits >= outer.prefixBits && isInRange(outer, inner.address, 0);

function hasPrefix(range: AddressRange, bytes: Uint8Array, offset: number): boolean {
  const whole = range.prefixBits >> 3;
  for (let i = 0; i < whole; i++) if (range.address[i] !== bytes[offset + i]) return false;
  const rest = range.prefixBits & 7;
  if (rest === 0) return true;
  const differing = (range.address[whole] ?? 0) ^ (bytes[offset + whole] ?? 0);
  return differing >> (8 - rest) === 0;
}
