/**
 * The body of a publish request (docs/protocol.md, "Publish"), as an object: it is rare.
 *
 * ```
 *  0         16     18      20       21       23
 *  +---------+------+-------+--------+--------+-------- …   +--------+--------+-------- …
 *  | address | port | count | key    | length | value …     | key    | length | value …
 *  +---------+------+-------+--------+--------+-------- …   +--------+--------+-------- …
 *                           only for a peer with the feature publishEntries
 * ```
 */
import { dropReasonOf, type DropReason } from '../drop-reason.js';
import { MAX_U32 } from '../integers.js';
import { decodeAddressBlocks, encodeAddressBlocks, type AddressBlock } from './address-block.js';
import { decodePublishedPorts, encodePublishedPorts, PORTS_BYTES, type PublishedPorts } from './control-body.js';
import {
  entryBytes,
  EntryFields,
  readEntry,
  readInteger,
  requireInteger,
  writeEntryHeader,
  writeInteger,
  type IntegerBounds,
} from './entries.js';
import { OVERSIZE, REDUNDANCY, TRAFFIC_CLASS } from './flow-values.js';
import { decodePublishName, encodePublishName } from './publish-name.js';

/** The keys of the entries of a publish request. */
export const PUBLISH_ENTRY = {
  name: 1,
  idleMs: 2,
  maxFlows: 3,
  replies: 4,
  requests: 5,
  allow: 6,
  deny: 7,
  maxPps: 8,
  maxBps: 9,
  visitorPps: 10,
  visitorFlows: 11,
  trafficClass: 12,
  maxAgeMs: 13,
  redundancy: 14,
  oversize: 15,
  token: 16,
} as const;

type EntryName = keyof typeof PUBLISH_ENTRY;
type BlocksName = 'allow' | 'deny';
type IntegerName = Exclude<EntryName, BlocksName | 'name'>;

/** Keys from here on may be skipped by who does not know them; below, they must be known. */
export const FIRST_SKIPPABLE_PUBLISH_ENTRY = 128;
/** The most bytes of the body of a publish request: it fits every packet. */
export const MAX_PUBLISH_BYTES = 1100;

const FROM_0 = { bytes: 4, least: 0, most: MAX_U32 } as const;
const FROM_1 = { bytes: 4, least: 1, most: MAX_U32 } as const;

/**
 * The bytes of each integer, and the least and the most that it may be. The decoder refuses other
 * numbers, and the encoder throws.
 */
export const PUBLISH_BOUNDS = {
  idleMs: FROM_0,
  maxFlows: FROM_1,
  replies: FROM_0,
  requests: FROM_1,
  maxPps: FROM_1,
  maxBps: { bytes: 8, least: 1, most: Number.MAX_SAFE_INTEGER },
  visitorPps: FROM_1,
  visitorFlows: FROM_1,
  trafficClass: { bytes: 1, least: 0, most: TRAFFIC_CLASS.carry },
  maxAgeMs: FROM_0,
  redundancy: { bytes: 1, least: 0, most: REDUNDANCY.auto },
  oversize: { bytes: 1, least: 0, most: OVERSIZE.drop },
  token: FROM_0,
} as const satisfies Record<IntegerName, IntegerBounds>;

/**
 * What a client wants to publish: ports, and what is to hold for the flows of their visitors. What
 * is undefined is not stated: the default holds.
 */
export interface PublishRequest extends PublishedPorts {
  /**
   * What status, logs and metrics call it: 1 to 64 bytes of UTF-8, no control characters, no
   * characters that only change how others are shown, no line separators.
   */
  readonly name?: string | undefined;
  /** After how long without a datagram a flow ends, in milliseconds; 0: never. */
  readonly idleMs?: number | undefined;
  /** How many flows there may be. */
  readonly maxFlows?: number | undefined;
  /** After how many replies a flow ends; 0: none is waited for; else any number. */
  readonly replies?: number | undefined;
  /** After how many requests a flow ends; else any number. */
  readonly requests?: number | undefined;
  /** The blocks that visitors may come from, one at least; else all. */
  readonly allow?: readonly AddressBlock[] | undefined;
  /** The blocks that they may not come from, one at least, whatever `allow` says; else none. */
  readonly deny?: readonly AddressBlock[] | undefined;
  /** Datagrams a second of all visitors together; else any number. */
  readonly maxPps?: number | undefined;
  /** Bits a second of all visitors together; else any number. */
  readonly maxBps?: number | undefined;
  /** Datagrams a second of one visitor's address; else any number. */
  readonly visitorPps?: number | undefined;
  /** Flows of one visitor's address; else any number. */
  readonly visitorFlows?: number | undefined;
  /** One of `TRAFFIC_CLASS`; else `none`. */
  readonly trafficClass?: number | undefined;
  /** How old a datagram may become before it is sent on, in milliseconds; else any age. */
  readonly maxAgeMs?: number | undefined;
  /** One of `REDUNDANCY`, for the datagrams to the client; else `off`. */
  readonly redundancy?: number | undefined;
  /** One of `OVERSIZE`, for the datagrams to the client; else `split`. */
  readonly oversize?: number | undefined;
  /** Which mapping of the client this is: the same number again replaces the mapping. */
  readonly token?: number | undefined;
}

/** A publish request as it came. */
export interface ReceivedPublishRequest extends PublishRequest {
  /**
   * Keys below {@link FIRST_SKIPPABLE_PUBLISH_ENTRY} that this version does not know, ascending. If
   * there is one, the request is not understood: its answer is `unsupported`.
   */
  readonly unknown: readonly number[];
}

const NAMES = Object.keys(PUBLISH_ENTRY) as EntryName[];
const NAME_BY_KEY = new Map<number, EntryName>(NAMES.map((name) => [PUBLISH_ENTRY[name], name]));
const LENGTH_BYTES = 2;

/**
 * Body of a publish request; without entries it is that of {@link encodePublishedPorts}, which is
 * all that a peer without the feature `publishEntries` reads. Throws a RangeError if the ports or
 * an entry cannot be, or the body is longer than {@link MAX_PUBLISH_BYTES}.
 */
export function encodePublish(request: PublishRequest): Uint8Array {
  const ports = encodePublishedPorts(request);
  const values = NAMES.flatMap((name) => {
    const value = encodeValue(request, name);
    return value === undefined ? [] : [[name, value] as const];
  });
  const length = values.reduce((sum, [, value]) => sum + entryBytes(LENGTH_BYTES, value.length), ports.length);
  if (length > MAX_PUBLISH_BYTES) throw new RangeError('the publish request is too long for a packet');
  const bytes = new Uint8Array(length);
  bytes.set(ports);
  let at = ports.length;
  for (const [name, value] of values) {
    at = writeEntryHeader(bytes, at, PUBLISH_ENTRY[name], LENGTH_BYTES, value.length);
    bytes.set(value, at);
    at += value.length;
  }
  return bytes;
}

/**
 * Reads the body that fills `bytes`. Returns the drop reason if it is wrong: truncated, too-large,
 * bad-length (a value of another length than its key has), bad-value (ports that cannot be, keys
 * that do not ascend, a value that cannot be).
 */
export function decodePublish(bytes: Uint8Array): ReceivedPublishRequest | DropReason {
  if (bytes.length > MAX_PUBLISH_BYTES) return 'too-large';
  const ports = decodePublishedPorts(bytes.subarray(0, PORTS_BYTES));
  if (typeof ports === 'string') return ports;
  const values: Values = {};
  const unknown: number[] = [];
  const entry = new EntryFields();
  for (let at = PORTS_BYTES; at < bytes.length;) {
    at = readEntry(bytes, at, bytes.length, LENGTH_BYTES, entry);
    if (at < 0) return dropReasonOf(at);
    const name = NAME_BY_KEY.get(entry.key);
    const code = name === undefined ? 0 : readValue(bytes, entry, name, values);
    if (code < 0) return dropReasonOf(code);
    if (name === undefined && entry.key < FIRST_SKIPPABLE_PUBLISH_ENTRY) unknown.push(entry.key);
  }
  return { ...ports, ...values, unknown };
}

type Values = { -readonly [Name in EntryName]?: PublishRequest[Name] };

function encodeValue(request: PublishRequest, name: EntryName): Uint8Array | undefined {
  if (name === 'name') return request.name === undefined ? undefined : encodePublishName(request.name);
  if (name === 'allow' || name === 'deny') return encodeBlocks(name, request[name]);
  const value = request[name];
  if (value === undefined) return undefined;
  const bounds = PUBLISH_BOUNDS[name];
  requireInteger(name, value, bounds);
  const bytes = new Uint8Array(bounds.bytes);
  writeInteger(bytes, 0, value, bounds);
  return bytes;
}

function encodeBlocks(name: BlocksName, blocks: readonly AddressBlock[] | undefined): Uint8Array | undefined {
  if (blocks === undefined) return undefined;
  if (blocks.length === 0) throw new RangeError(`${name} has no block of addresses`);
  return encodeAddressBlocks(blocks);
}

/** Returns 0 or more, or the drop code of the reason against the value. */
function readValue(bytes: Uint8Array, entry: EntryFields, name: EntryName, into: Values): number {
  const end = entry.offset + entry.length;
  if (name === 'name') {
    const text = decodePublishName(bytes.subarray(entry.offset, end));
    if (typeof text === 'number') return text;
    into.name = text;
    return 0;
  }
  if (name === 'allow' || name === 'deny') {
    const blocks: AddressBlock[] = [];
    into[name] = blocks;
    return decodeAddressBlocks(bytes, entry.offset, end, blocks);
  }
  const value = readInteger(bytes, entry, PUBLISH_BOUNDS[name]);
  into[name] = value;
  return value;
}
