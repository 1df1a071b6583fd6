/**
 * The extended datagram: a compact one with more to say (docs/protocol.md, "Datagram, extended").
 *
 * ```
 *  0        4       5
 *  +--------+-------+--------+-------+----------------+------+-------- …
 *  | flow id| flags | number | class | source (4, 16) | port | payload …
 *  +--------+-------+--------+-------+----------------+------+-------- …
 *                     each of them only if it is flagged
 * ```
 */
import { DROP } from '../drop-reason.js';
import { isMapped } from '../endpoint/address.js';
import { packedPort, PACKED_ENDPOINT_BYTES } from '../endpoint/packed-endpoint.js';
import { readU16, readU32, readU8, writeU16, writeU32 } from '../integers.js';
import {
  IPV4_ENDPOINT_BYTES,
  IPV6_ENDPOINT_BYTES,
  MAX_PAYLOAD_BYTES,
  readEndpoint,
  writeEndpoint,
} from '../udp-packet/udp-packet-header.js';
import { FLOW_ID_BYTES } from './compact.js';
import { encodeLastFrameHeader, FRAME, frameBodyOffset, frameEnd, LAST_FRAME_HEADER_BYTES } from './frame.js';

/** The flags of an extended datagram. */
export const EXTENDED_FLAG = { numbered: 0x01, trafficClass: 0x02, source: 0x04, sourceIpv6: 0x08 } as const;

const KNOWN_FLAGS =
  EXTENDED_FLAG.numbered | EXTENDED_FLAG.trafficClass | EXTENDED_FLAG.source | EXTENDED_FLAG.sourceIpv6;
const OFFSET_FLAGS = FLOW_ID_BYTES;
const OFFSET_FLAGGED = OFFSET_FLAGS + 1;
const NUMBER_BYTES = 2;
const TRAFFIC_CLASS_BYTES = 1;

/** The most bytes before the payload of an extended datagram that ends its packet. */
export const MAX_EXTENDED_HEADER_BYTES =
  LAST_FRAME_HEADER_BYTES + OFFSET_FLAGGED + NUMBER_BYTES + TRAFFIC_CLASS_BYTES + IPV6_ENDPOINT_BYTES;
/** Stands for "no number" where a number is wanted. */
export const NO_NUMBER = -1;
/** Stands for "no traffic class" where a number is wanted. */
export const NO_TRAFFIC_CLASS = -1;

/** What stands before the payload of an extended datagram. */
export interface ExtendedHeader {
  readonly flowId: number;
  /** Which datagram of its flow and direction: its lower 16 bits are sent. Or {@link NO_NUMBER}. */
  readonly number: number;
  /** DSCP in the upper six bits, ECN in the lower two; or {@link NO_TRAFFIC_CLASS}. */
  readonly trafficClass: number;
  /** Whether {@link source} is sent. */
  readonly hasSource: boolean;
  /** Packed endpoint: who answered. Its scope id is not sent. */
  readonly source: Uint8Array;
}

/** The fields that {@link decodeExtended} fills in; make one and reuse it. */
export class ExtendedFields implements ExtendedHeader {
  flowId = 0;
  number = NO_NUMBER;
  trafficClass = NO_TRAFFIC_CLASS;
  hasSource = false;
  /** Packed endpoint, scope id 0. Means nothing without {@link hasSource}. */
  readonly source = new Uint8Array(PACKED_ENDPOINT_BYTES);
  /** Where the payload begins in the bytes that were decoded. */
  payloadOffset = 0;
  payloadLength = 0;
}

/** Bytes before the payload of an extended datagram that ends its packet. */
export function extendedHeaderBytes(header: ExtendedHeader): number {
  return LAST_FRAME_HEADER_BYTES + OFFSET_FLAGGED + flaggedBytes(flagsOf(header));
}

/**
 * Writes the header of an extended datagram that ends its packet; the payload of `payloadLength`
 * bytes goes to the offset returned. Throws a RangeError if there is no room for the payload, it is
 * too long for UDP, or the source has port 0.
 */
export function encodeExtendedHeader(
  bytes: Uint8Array,
  offset: number,
  header: ExtendedHeader,
  payloadLength: number,
): number {
  const flags = flagsOf(header);
  if (payloadLength > MAX_PAYLOAD_BYTES) throw new RangeError('the payload is too large for a UDP datagram');
  if (header.hasSource && packedPort(header.source, 0) === 0) throw new RangeError('the source has no port');
  const length = OFFSET_FLAGGED + flaggedBytes(flags) + payloadLength;
  const body = encodeLastFrameHeader(bytes, offset, FRAME.extended, length);
  writeU32(bytes, body, header.flowId);
  bytes[body + OFFSET_FLAGS] = flags;
  let at = body + OFFSET_FLAGGED;
  if (isFlagged(flags, EXTENDED_FLAG.numbered)) {
    writeU16(bytes, at, header.number);
    at += NUMBER_BYTES;
  }
  if (isFlagged(flags, EXTENDED_FLAG.trafficClass)) bytes[at++] = header.trafficClass;
  return header.hasSource ? writeEndpoint(bytes, at, header.source) : at;
}

/**
 * Reads an extended datagram. Returns the offset after it, or a drop code (`into` is then undefined
 * in part): as {@link nextFrame}, reserved-bits, truncated, too-large, bad-endpoint (source port 0,
 * or IPv4 written as IPv6). Allocates nothing; the payload stays where it is.
 */
export function decodeExtended(bytes: Uint8Array, offset: number, end: number, into: ExtendedFields): number {
  const next = frameEnd(bytes, offset, end, FRAME.extended);
  if (next < 0) return next;
  const body = frameBodyOffset(bytes, offset);
  const flags = readU8(bytes, body + OFFSET_FLAGS);
  const isIpv6 = isFlagged(flags, EXTENDED_FLAG.sourceIpv6);
  into.hasSource = isFlagged(flags, EXTENDED_FLAG.source);
  if ((flags & ~KNOWN_FLAGS) !== 0 || (isIpv6 && !into.hasSource)) return DROP.reservedBits;

  const payload = body + OFFSET_FLAGGED + flaggedBytes(flags);
  if (payload > next) return DROP.truncated;
  if (next - payload > MAX_PAYLOAD_BYTES) return DROP.tooLarge;
  if (into.hasSource) {
    const source = payload - endpointBytes(isIpv6);
    // IPv4 written as IPv6: one endpoint has one encoding.
    if (isIpv6 && isMapped(bytes, source)) return DROP.badEndpoint;
    if (readU16(bytes, payload - 2) === 0) return DROP.badEndpoint;
    readEndpoint(bytes, source, isIpv6, into.source, 0);
  }
  into.flowId = readU32(bytes, body);
  const number = body + OFFSET_FLAGGED;
  const isNumbered = isFlagged(flags, EXTENDED_FLAG.numbered);
  into.number = isNumbered ? readU16(bytes, number) : NO_NUMBER;
  const trafficClass = isNumbered ? number + NUMBER_BYTES : number;
  into.trafficClass = isFlagged(flags, EXTENDED_FLAG.trafficClass) ? readU8(bytes, trafficClass) : NO_TRAFFIC_CLASS;
  into.payloadOffset = payload;
  into.payloadLength = next - payload;
  return next;
}

function flagsOf({ number, trafficClass, hasSource, source }: ExtendedHeader): number {
  let flags = 0;
  if (number >= 0) flags |= EXTENDED_FLAG.numbered;
  if (trafficClass >= 0) flags |= EXTENDED_FLAG.trafficClass;
  if (!hasSource) return flags;
  return flags | EXTENDED_FLAG.source | (isMapped(source, 0) ? 0 : EXTENDED_FLAG.sourceIpv6);
}

/** Bytes between the flags and the payload. */
function flaggedBytes(flags: number): number {
  const numberBytes = isFlagged(flags, EXTENDED_FLAG.numbered) ? NUMBER_BYTES : 0;
  const trafficClassBytes = isFlagged(flags, EXTENDED_FLAG.trafficClass) ? TRAFFIC_CLASS_BYTES : 0;
  const sourceBytes = isFlagged(flags, EXTENDED_FLAG.source)
    ? endpointBytes(isFlagged(flags, EXTENDED_FLAG.sourceIpv6))
    : 0;
  return numberBytes + trafficClassBytes + sourceBytes;
}

function endpointBytes(isIpv6: boolean): number {
  return isIpv6 ? IPV6_ENDPOINT_BYTES : IPV4_ENDPOINT_BYTES;
}

function isFlagged(flags: number, flag: number): boolean {
  return (flags & flag) !== 0;
}
