/**
 * What each side tells of itself in its first packet under new keys (docs/protocol.md, "Parameters").
 *
 * ```
 *  0         1        2        3
 *  +---------+--------+--------+-------- …   +--------+--------+-------- …
 *  | version | key    | length | value …     | key    | length | value …
 *  +---------+--------+--------+-------- …   +--------+--------+-------- …
 * ```
 *
 * Keys ascend. Unknown keys are skipped by their length.
 */
import { dropCode } from '../drop-reason.js';
import { MAX_U32, readU32, readU8, writeU32 } from '../integers.js';
import { encodeSizedFrameHeader, FRAME, frameBodyOffset, frameEnd } from './frame.js';

/** The version of the frame layer that this package speaks. */
export const FRAME_LAYER_VERSION = 1;
/** Bytes of the token by which a client believes a reset. */
export const RESET_TOKEN_BYTES = 16;

/** The numbers of the parameters. All values are 32-bit integers, but for the reset token of 16 bytes. */
export const PARAMETER = {
  maxPacketBytes: 1,
  maxReassemblyBytes: 2,
  maxFlows: 3,
  flowIdleMs: 4,
  sessionIdleMs: 5,
  features: 6,
  resetToken: 7,
} as const;

/**
 * What one side tells of itself. What is not told is not limited, not there, or not known. Integers are from 0 to 2^32
 * - 1.
 */
export class SessionParameters {
  /** Version of the frame layer, 0 to 255. Who gets one that it does not speak closes the session. */
  version: number = FRAME_LAYER_VERSION;
  /** The largest packet (UDP payload) that it takes. */
  maxPacketBytes: number | undefined;
  /** How many bytes of fragments it keeps while pieces are missing; 0: send no fragments. */
  maxReassemblyBytes: number | undefined;
  /** How many flows the peer may have open. */
  maxFlows: number | undefined;
  /** After how long without a datagram it forgets a flow. */
  flowIdleMs: number | undefined;
  /** After how long without a packet it forgets the session. */
  sessionIdleMs: number | undefined;
  /** A bit for each optional feature that it has. None is defined yet. */
  features: number | undefined;
  /** 16 bytes: the token of a reset for the index that the peer writes into its packets. */
  resetToken: Uint8Array | undefined;
}

type IntegerName = Exclude<keyof typeof PARAMETER, 'resetToken'>;
const INTEGERS: readonly IntegerName[] = [
  'maxPacketBytes',
  'maxReassemblyBytes',
  'maxFlows',
  'flowIdleMs',
  'sessionIdleMs',
  'features',
];
const INTEGER_BYTES = 4;
const ENTRY_HEADER_BYTES = 2;

const TRUNCATED = dropCode('truncated');
const BAD_LENGTH = dropCode('bad-length');
const BAD_VALUE = dropCode('bad-value');

/**
 * Returns the offset after the frame. Throws a RangeError if there is no room, an integer is out of its range, or the
 * token has not 16 bytes.
 */
export function encodeParameters(bytes: Uint8Array, offset: number, parameters: Readonly<SessionParameters>): number {
  const { resetToken } = parameters;
  const integers = INTEGERS.flatMap((name) => {
    const value = parameters[name];
    return value === undefined ? [] : [[PARAMETER[name], value] as const];
  });
  if (resetToken !== undefined && resetToken.length !== RESET_TOKEN_BYTES) throw new RangeError('not a reset token');
  const tokenBytes = resetToken === undefined ? 0 : ENTRY_HEADER_BYTES + RESET_TOKEN_BYTES;
  const length = 1 + integers.length * (ENTRY_HEADER_BYTES + INTEGER_BYTES) + tokenBytes;
  let next = encodeSizedFrameHeader(bytes, offset, FRAME.parameters, length);
  bytes[next++] = parameters.version;
  for (const [key, value] of integers) {
    if (!Number.isInteger(value) || value < 0 || value > MAX_U32) throw new RangeError(`not a parameter: ${value}`);
    bytes[next++] = key;
    bytes[next++] = INTEGER_BYTES;
    writeU32(bytes, next, value);
    next += INTEGER_BYTES;
  }
  if (resetToken !== undefined) {
    bytes[next++] = PARAMETER.resetToken;
    bytes[next++] = RESET_TOKEN_BYTES;
    bytes.set(resetToken, next);
    next += RESET_TOKEN_BYTES;
  }
  return next;
}

/**
 * Reads parameters into `into`, all of whose fields it sets; the reset token is a copy. Returns the offset after the
 * frame, or a drop code: as {@link nextFrame}, and bad-length (a value of another length than its key has), bad-value
 * (keys that do not ascend). The version is not judged, and what stands behind an unknown version is not read.
 */
export function decodeParameters(bytes: Uint8Array, offset: number, end: number, into: SessionParameters): number {
  const next = frameEnd(bytes, offset, end, FRAME.parameters);
  if (next < 0) return next;
  Object.assign(into, new SessionParameters());
  let at = frameBodyOffset(bytes, offset);
  into.version = readU8(bytes, at++);
  if (into.version !== FRAME_LAYER_VERSION) return next;
  for (let lastKey = 0; at < next;) {
    if (at + ENTRY_HEADER_BYTES > next) return TRUNCATED;
    const key = readU8(bytes, at);
    const length = readU8(bytes, at + 1);
    if (key <= lastKey) return BAD_VALUE;
    lastKey = key;
    at += ENTRY_HEADER_BYTES;
    if (at + length > next) return TRUNCATED;
    if (!readParameter(bytes, at, key, length, into)) return BAD_LENGTH;
    at += length;
  }
  return next;
}

function readParameter(bytes: Uint8Array, at: number, key: number, length: number, into: SessionParameters): boolean {
  if (key === PARAMETER.resetToken) {
    // Not slice: that of a Buffer does not copy.
    into.resetToken = new Uint8Array(bytes.subarray(at, at + length));
    return length === RESET_TOKEN_BYTES;
  }
  const name = INTEGERS.find((candidate) => PARAMETER[candidate] === key);
  if (name === undefined) return true;
  into[name] = readU32(bytes, at);
  return length === INTEGER_BYTES;
}
