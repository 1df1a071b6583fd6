/** The rules of the policy once more, slow and on whole numbers, to compare with. */
import { packEndpoint, PACKED_ENDPOINT_BYTES } from '@relay/packet';

/** A block: its whole address, of 128 bits, and how many of them count. */
export interface Block {
  readonly base: bigint;
  readonly bits: number;
}

export function numberOf(address: string): bigint {
  const packed = new Uint8Array(PACKED_ENDPOINT_BYTES);
  packEndpoint({ address, port: 0 }, packed, 0);
  return BigInt(`0x${Buffer.from(packed.subarray(0, 16)).toString('hex')}`);
}

export const bytes = (value: bigint): Uint8Array => Buffer.from(value.toString(16).padStart(32, '0'), 'hex');

const MAPPED = 0xffffn << 32n;
const isIpv4 = (value: bigint): boolean => value >> 32n === MAPPED >> 32n;
const shared = (a: bigint, b: bigint, bits: number): boolean => a >> BigInt(128 - bits) === b >> BigInt(128 - bits);

/** The block of so many bits, of its family, around an address. */
export function block(address: string, bits: number): Block {
  const base = numberOf(address);
  const ofFamily = isIpv4(base) ? 96 + (bits % 33) : bits;
  const rest = BigInt(128 - ofFamily);
  return { base: (base >> rest) << rest, bits: ofFamily };
}

const V4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '100.100.100.200/32', '127.0.0.0/8', '168.63.129.16/32'],
  ...['169.254.0.0/16', '169.254.42.42/32', '169.254.169.254/32', '169.254.170.2/32', '169.254.170.23/32'],
  ...['172.16.0.0/12', '192.0.0.0/24', '192.0.0.192/32', '192.0.2.0/24', '192.31.196.0/24', '192.52.193.0/24'],
  ...['192.88.99.0/24', '192.168.0.0/16', '192.175.48.0/24', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
  ...['224.0.0.0/4', '240.0.0.0/4'],
];
const V6 = [
  ...[
    '::/3',
    '4000::/2',
    '8000::/1',
    '::/8',
    '::/128',
    '::1/128',
    '64:ff9b:1::/48',
    '100::/64',
    '100:0:0:1::/64',
    '2001::/23',
  ],
  ...['2001:db8::/32', '2620:4f:8000::/48', '3fff::/20', '5f00::/16', 'fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8'],
  ...['fd00:42::42/128', 'fd00:ec2::23/128', 'fd00:ec2::254/128', 'fd20:ce::254/128'],
];
const SPECIAL: readonly Block[] = [...V4, ...V6].map((text) => {
  const [address = '', prefix] = text.split('/');
  return { base: numberOf(address), bits: Number(prefix) + (address.includes('.') ? 96 : 0) };
});

const holds = ({ base, bits }: Block, value: bigint): boolean =>
  shared(base, value, bits) && (bits >= 96 || !isIpv4(value));

/** Whether the blocks allow an address that stands for no other. */
export function verdict(address: string, blocks: readonly Block[]): boolean {
  const value = numberOf(address);
  const special = SPECIAL.filter((known) => holds(known, value));
  if (blocks.length === 0) return special.length === 0;
  return blocks.some(
    (allowed) =>
      holds(allowed, value) &&
      special.every((known) => allowed.bits >= known.bits && (known.bits >= 96 || !isIpv4(allowed.base))),
  );
}
