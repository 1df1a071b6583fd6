/**
 * Addresses that are not public unicast, after the IANA special-purpose registries (RFC 6890 and
 * its additions), and the ways in which an IPv4 address hides in an IPv6 one.
 */
import { addressRange, ADDRESS_BYTES, IPV4_RANGE, isInRange, isWithin, type AddressRange } from './address-range.js';

const range = (block: string): AddressRange => {
  const [address = '', prefix] = block.split('/');
  return addressRange({ address, prefix: Number(prefix) });
};

/** Never a target unless an invitation names it: by a block that lies inside of the range. */
const SPECIAL_RANGES: readonly AddressRange[] = [
  '0.0.0.0/8', // this network (RFC 791)
  '10.0.0.0/8', // private (RFC 1918)
  '100.64.0.0/10', // carrier-grade NAT (RFC 6598)
  '100.100.100.200/32', // cloud metadata: Alibaba
  '127.0.0.0/8', // loopback (RFC 1122)
  '168.63.129.16/32', // cloud metadata: Azure
  '169.254.0.0/16', // link-local (RFC 3927)
  '169.254.42.42/32', // cloud metadata: Scaleway
  '169.254.169.254/32', // cloud metadata: nearly all
  '169.254.170.2/32', // credentials of containers: AWS
  '169.254.170.23/32', // credentials of pods: AWS
  '172.16.0.0/12', // private (RFC 1918)
  '192.0.0.0/24', // protocol assignments (RFC 6890)
  '192.0.0.192/32', // cloud metadata: Oracle
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
  '::/3', // not global unicast (RFC 4291 §2.4), as the two below: that is 2000::/3
  '4000::/2',
  '8000::/1',
  '::/8', // IPv4 in its oldest disguise (RFC 4291); IPv4-mapped is IPv4 by then
  '::/128', // unspecified (RFC 4291)
  '::1/128', // loopback (RFC 4291)
  '64:ff9b:1::/48', // local NAT64 (RFC 8215)
  '100::/64', // discard (RFC 6666)
  '100:0:0:1::/64', // dummy prefix (RFC 9780)
  '2001::/23', // protocol assignments (RFC 2928); Teredo within it is looked into first
  '2001:db8::/32', // documentation (RFC 3849)
  '2620:4f:8000::/48', // AS112 (RFC 7534)
  '3fff::/20', // documentation (RFC 9637)
  '5f00::/16', // segment routing (RFC 9602)
  'fc00::/7', // unique-local (RFC 4193)
  'fd00:42::42/128', // cloud metadata: Scaleway
  'fd00:ec2::23/128', // credentials of pods: AWS
  'fd00:ec2::254/128', // cloud metadata: AWS
  'fd20:ce::254/128', // cloud metadata: Google
  'fe80::/10', // link-local (RFC 4291)
  'fec0::/10', // site-local, deprecated (RFC 3879)
  'ff00::/8', // multicast (RFC 4291)
]
  .map((block) => range(block))
  .sort((a, b) => b.prefixBits - a.prefixBits);

/**
 * The smallest special range in which the address of 16 bytes at `offset` lies; undefined: it is
 * public unicast.
 */
export const specialRangeOf = (bytes: Uint8Array, offset: number): AddressRange | undefined =>
  SPECIAL_RANGES.find((special) => isInRange(special, bytes, offset));

/** Whether the range holds special addresses beside others: an allowance of it leaves them out. */
export const holdsSpecial = (wide: AddressRange): boolean =>
  SPECIAL_RANGES.some((special) => isWithin(special, wide) && special.prefixBits > wide.prefixBits);

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

/** Where ISATAP (RFC 5214 §6.1) has its mark, under any prefix: `0:5efe` or `200:5efe`. */
const ISATAP_OFFSET = 8;
const ISATAP_IPV4_OFFSET = 12;

/** Whether every address of the block stands for an IPv4 address, which is to be named instead. */
export const isEmbedding = (block: AddressRange): boolean =>
  EMBEDDINGS.some((known) => isWithin(block, known.range)) &&
  !(block.prefixBits === 8 * ADDRESS_BYTES && isUnspecifiedOrLoopback(block.address, 0));

/**
 * Whether the IPv6 address at `offset` is a known way to write an IPv4 address, which is written to
 * `into` (16 bytes) as IPv4-mapped then. `::` and `::1` are none.
 *
 * - `known`: the range says so, and nothing but the IPv4 address is reached.
 * - `isatap`: the address says so, which may also be an ordinary one.
 */
export function embeddedIpv4(bytes: Uint8Array, offset: number, into: Uint8Array): 'known' | 'isatap' | undefined {
  if (isInRange(IPV4_RANGE, bytes, offset) || isUnspecifiedOrLoopback(bytes, offset)) return undefined;
  const embedding = EMBEDDINGS.find((candidate) => isInRange(candidate.range, bytes, offset));
  if (embedding === undefined && !isIsatap(bytes, offset)) return undefined;
  const from = offset + (embedding?.offset ?? ISATAP_IPV4_OFFSET);
  into.set(IPV4_RANGE.address);
  for (let i = 0; i < 4; i++) {
    const byte = bytes[from + i] ?? 0;
    into[12 + i] = embedding?.isInverted === true ? byte ^ 0xff : byte;
  }
  return embedding === undefined ? 'isatap' : 'known';
}

/**
 * Writes to `into` (16 bytes) the address that the one at `offset` really means: an IPv4 address
 * that is embedded in an IPv6 one comes out as IPv4-mapped, everything else unchanged.
 */
export function unwrapAddress(bytes: Uint8Array, offset: number, into: Uint8Array): void {
  if (embeddedIpv4(bytes, offset, into) !== 'known') into.set(bytes.subarray(offset, offset + ADDRESS_BYTES));
}

function isIsatap(bytes: Uint8Array, offset: number): boolean {
  const at = offset + ISATAP_OFFSET;
  const isUniversal = bytes[at] === 0 || bytes[at] === 2;
  return isUniversal && bytes[at + 1] === 0 && bytes[at + 2] === 0x5e && bytes[at + 3] === 0xfe;
}

function isUnspecifiedOrLoopback(bytes: Uint8Array, offset: number): boolean {
  for (let i = 0; i < 15; i++) if (bytes[offset + i] !== 0) return false;
  return (bytes[offset + 15] ?? 0) <= 1;
}
