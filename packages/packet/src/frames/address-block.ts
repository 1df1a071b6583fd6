/**
 * Blocks of addresses in a body (docs/protocol.md, "Publish"): of each address only the bytes that
 * the prefix has begun, so that many blocks fit one packet.
 *
 * ```
 *  0        1        2
 *  +--------+--------+---------- …
 *  | family | prefix | address …
 *  +--------+--------+---------- …
 * ```
 */
import { DROP } from '../drop-reason.js';
import { ADDRESS_BYTES, formatAddress, isMapped, readAddress, writeMappedPrefix } from '../endpoint/address.js';
import { copyBytes, readU8 } from '../integers.js';

/** A block of addresses: `10.0.0.0/8`. */
export interface AddressBlock {
  /** The first address, as canonical text without a zone: bits behind the prefix are zero. */
  readonly address: string;
  /** How many leading bits count: 0 to 32 for IPv4, 0 to 128 for IPv6. */
  readonly prefix: number;
}

const HEADER_BYTES = 2;
const IPV4 = 4;
const IPV6 = 6;
const IPV4_BYTES = 4;
const MAPPED_PREFIX_BYTES = ADDRESS_BYTES - IPV4_BYTES;

/** Throws a RangeError if one is no block of addresses. */
export function encodeAddressBlocks(blocks: readonly AddressBlock[]): Uint8Array {
  const bytes = new Uint8Array(blocks.length * (HEADER_BYTES + ADDRESS_BYTES));
  const address = new Uint8Array(ADDRESS_BYTES);
  let at = 0;
  for (const block of blocks) {
    const { prefix } = block;
    const zone = readAddress(block.address, address, 0);
    const first = isMapped(address, 0) ? MAPPED_PREFIX_BYTES : 0;
    const mostBits = (ADDRESS_BYTES - first) * 8;
    const isPrefix = Number.isInteger(prefix) && prefix >= 0 && prefix <= mostBits;
    if (zone !== '' || !isPrefix || hasBitsBehind(address, first, prefix))
      throw new RangeError(`not a block of addresses: ${block.address}/${prefix}`);
    bytes[at] = first === 0 ? IPV6 : IPV4;
    bytes[at + 1] = prefix;
    copyBytes(address, first, bytes, at + HEADER_BYTES, bytesOfPrefix(prefix));
    at += HEADER_BYTES + bytesOfPrefix(prefix);
  }
  return bytes.subarray(0, at);
}

/**
 * Reads the blocks that fill `offset` to `end`, one at least, into `blocks`. Returns `end` or a
 * drop code: bad-length (no block, or one that does not end), bad-value (another family, a prefix
 * that is too long, bits behind it, IPv4 written as IPv6).
 */
export function decodeAddressBlocks(bytes: Uint8Array, offset: number, end: number, blocks: AddressBlock[]): number {
  if (offset === end) return DROP.badLength;
  const address = new Uint8Array(ADDRESS_BYTES);
  let at = offset;
  while (at < end) {
    const family = readU8(bytes, at);
    const prefix = readU8(bytes, at + 1);
    const next = at + HEADER_BYTES + bytesOfPrefix(prefix);
    const first = family === IPV4 ? MAPPED_PREFIX_BYTES : 0;
    if (family !== IPV4 && family !== IPV6) return DROP.badValue;
    if (next > end) return DROP.badLength;
    if (prefix > (ADDRESS_BYTES - first) * 8) return DROP.badValue;
    address.fill(0);
    if (family === IPV4) writeMappedPrefix(address, 0);
    copyBytes(bytes, at + HEADER_BYTES, address, first, bytesOfPrefix(prefix));
    if (hasBitsBehind(address, first, prefix)) return DROP.badValue;
    if (family === IPV6 && isMapped(address, 0)) return DROP.badValue;
    blocks.push({ address: formatAddress(address, 0), prefix });
    at = next;
  }
  return end;
}

function bytesOfPrefix(prefix: number): number {
  return Math.ceil(prefix / 8);
}

/** Whether a bit is set behind the prefix of the address that begins at `first`. */
function hasBitsBehind(address: Uint8Array, first: number, prefix: number): boolean {
  for (let bit = prefix; bit < (ADDRESS_BYTES - first) * 8; bit++) {
    if ((readU8(address, first + (bit >> 3)) & (0x80 >> (bit & 7))) !== 0) return true;
  }
  return false;
}
