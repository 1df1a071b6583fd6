/**
 * Addresses that are not public unicast, after the IANA special-purpose registries (RFC 6890 and
 * its additions), and the ways in which an IPv4 address hides in an IPv6 one.
 */
import { addressRange, ADDRESS_BYTES, IPV4_RANGE, isInRange, type AddressRange } from './address-range.js';

const range = (block: string): AddressRange => {
  const [address = '', prefix] = block.split('/');
  return addressRange({ address, prefix: Number(prefix) });
};

/** Never a target unless an invitation names it. */
export const SPECIAL_RANGES: readonly AddressRange[] = [
  '0.0.0.0/8', // this network (RFC 791)
  '10.0.0.0/8', // private (RFC 1918)
  '100.64.0.0/10', // carrier-grade NAT (RFC 6598)
  '127.0.0.0/8', // loopback (RFC 1122)
  '169.254.0.0/16', // link-local, cloud metadata (RFC 3927)
  '172.16.0.0/12', // private (RFC 1918)
  '192.0.0.0/24', // protocol assignments (RFC 6890)
  '192.0.2.0/24', // documentation (RFC 5737)
  '192.31.196.0/24', // AS112 (RFC 7535)
  '192.52.193.0/24', // AMT (RFC 7450)
  '192.88.99.0/24', // 6to4 relay anycast, deprecated (RFC 7526)
  '192.168.0.0/16', // private (RFC 1918)
  '192.175.48.0/24', // AS112 (RFC 7534)
  '198.18.0.0/15', // benchmarking (RFC 2544)
  '198.51.100.0/24', // documentation (RFC 5737)
  '203.0.113.0/24', // documentation (RFC 5737)
  '224.0.0.0/4', // multicast (RFC 5771)
  '240.0.0.0/4', // reserved and broadcast (RFC 1112, RFC 919)
  '::/8', // unspecified, loopback, IPv4 in its oldest disguise (RFC 4291); IPv4-mapped is IPv4 by then
  '64:ff9b:1::/48', // local NAT64 (RFC 8215)
  '100::/64', // discard (RFC 6666)
  '100:0:0:1::/64', // dummy prefix (RFC 9780)
  '2001::/23', // protocol assignments (RFC 2928); Teredo within it is looked into first
  '2001:db8::/32', // documentation (RFC 3849)
  '2620:4f:8000::/48', // AS112 (RFC 7534)
  '3fff::/20', // documentation (RFC 9637)
  '5f00::/16', // segment routing (RFC 9602)
  'fc00::/7', // unique-local (RFC 4193)
  'fe80::/10', // link-local (RFC 4291)
  'fec0::/10', // site-local, deprecated (RFC 3879)
  'ff00::/8', // multicast (RFC 4291)
].map((block) => range(block));

interface Embedding {
  readonly range: AddressRange;
  /** Where the four bytes of the IPv4 address lie within the sixteen. */
  readonly offset: number;
  /** Teredo stores them inverted (RFC 4380 §4). */
  readonly isInverted?: true;
}

const EMBEDDINGS: readonly Embedding[] = [
  { range: range('::/96'), offset: 12 }, // IPv4-compatible (RFC 4291 §2.5.5.1)
  { range: range('::ffff:0:0:0/96'), offset: 12 }, // IPv4-translated (RFC 2765 §2.1)
  { range: range('64:ff9b::/96'), offset: 12 }, // NAT64 (RFC 6052)
  { range: range('2002::/16'), offset: 2 }, // 6to4 (RFC 3056)
  { range: range('2001::/32'), offset: 12, isInverted: true }, // Teredo (RFC 4380)
];

/**
 * Writes to `into` (16 bytes) the address that the one at `offset` really means: an IPv4 address
 * that is embedded in an IPv6 one comes out as IPv4-mapped, everything else unchanged. `::` and
 * `::1` stay unchanged too.
 */
export function unwrapAddress(bytes: Uint8Array, offset: number, into: Uint8Array): void {
  into.set(bytes.subarray(offset, offset + ADDRESS_BYTES));
  if (isInRange(IPV4_RANGE, bytes, offset) || isUnspecifiedOrLoopback(bytes, offset)) return;
  const embedding = EMBEDDINGS.find((candidate) => isInRange(candidate.range, bytes, offset));
  if (embedding === undefined) return;
  into.set(IPV4_RANGE.address);
  for (let i = 0; i < 4; i++) {
    const byte = bytes[offset + embedding.offset + i] ?? 0;
    into[12 + i] = embedding.isInverted === true ? byte ^ 0xff : byte;
  }
}

function isUnspecifiedOrLoopback(bytes: Uint8Array, offset: number): boolean {
  for (let i = 0; i < 15; i++) if (bytes[offset + i] !== 0) return false;
  return (bytes[offset + 15] ?? 0) <= 1;
}
