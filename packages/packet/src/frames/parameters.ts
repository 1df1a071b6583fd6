/**
 * The parameters that each side states in its first packet under new keys (docs/protocol.md,
 * "Parameters").
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
import { DROP } from '../drop-reason.js';
import { MAX_U32, readU32, readU8, writeU32 } from '../integers.js';
import { MAX_PAYLOAD_BYTES } from '../udp-packet/udp-packet-header.js';
import { encodeSizedFrameHeader, FRAME, frameBodyOffset, frameEnd } from './frame.js';

/** The version of the frame layer that this package speaks. */
export const FRAME_LAYER_VERSION = 1;

/**
 * The numbers of the parameters. All values are 32-bit integers. Number 7 is not used again: it
 * was the reset token, which is gone.
 */
export const PARAMETER = {
  maxPacketBytes: 1,
  maxReassemblyBytes: 2,
  maxFlows: 3,
  flowIdleMs: 4,
  sessionIdleMs: 5,
  features: 6,
} as const;

/**
 * The least and the most that each integer may be. A peer that states another number breaks the
 * protocol: the decoder refuses it, and the encoder throws. A packet of 1,200 bytes holds every
 * frame that is not a datagram, and passes every path that IPv6 allows (RFC 9000 §14).
 */
export const PARAMETER_BOUNDS = {
  maxPacketBytes: { least: 1200, most: MAX_PAYLOAD_BYTES },
  maxReassemblyBytes: { least: 0, most: MAX_U32 },
  maxFlows: { least: 0, most: MAX_U32 },
  flowIdleMs: { least: 1000, most: MAX_U32 },
  sessionIdleMs: { least: 1000, most: MAX_U32 },
  features: { least: 0, most: MAX_U32 },
} as const;

/**
 * The parameters of one side. One that is not stated is not limited, not there, or not known.
 * Integers lie within {@link PARAMETER_BOUNDS}.
 */
export class SessionParameters {
  /** Version of the frame layer, 0 to 255. A peer that does not speak it closes the session. */
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
  /** A bit of `FEATURE` for each optional feature that it has. */
  features: number | undefined;
}

type IntegerName = keyof typeof PARAMETER_BOUNDS;
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

/**
 * Returns the offset after the frame. Throws a RangeError if there is no room or an integer is out
 * of its range.
 */
export function encodeParameters(bytes: Uint8Array, offset: number, parameters: Readonly<SessionParameters>): number {
  const integers = INTEGERS.flatMap((name) => {
    const value = parameters[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const length = 1 + integers.length * (ENTRY_HEADER_BYTES + INTEGER_BYTES);
  let next = encodeSizedFrameHeader(bytes, offset, FRAME.parameters, length);
  bytes[next++] = parameters.version;
  for (const [name, value] of integers) {
    if (!Number.isInteger(value) || !isInBounds(name, value))
      throw new RangeError(`${name} cannot be ${value}: ${boundsText(name)}`);
    bytes[next++] = PARAMETER[name];
    bytes[next++] = INTEGER_BYTES;
    writeU32(bytes, next, value);
    next += INTEGER_BYTES;
  }
  return next;
}

/**
 * Reads parameters into `into`, all of whose fields it sets. Returns the offset after the frame, or
 * a drop code: as {@link nextFrame}, and bad-length (a value of another length than its key has),
 * bad-value (keys that do not ascend, an integer out of its bounds). Any version passes; the bytes
 * after an unknown version are not read.
 */
export function decodeParameters(bytes: Uint8Array, offset: number, end: number, into: SessionParameters): number {
  const next = frameEnd(bytes, offset, end, FRAME.parameters);
  if (next < 0) return next;
  Object.assign(into, new SessionParameters());
  let at = frameBodyOffset(bytes, offset);
  into.version = readU8(bytes, at++);
  if (into.version !== FRAME_LAYER_VERSION) return next;
  for (let lastKey = 0; at < next;) {
    if (at + ENTRY_HEADER_BYTES > next) return DROP.truncated;
    const key = readU8(bytes, at);
    const length = readU8(bytes, at + 1);
    if (key <= lastKey) return DROP.badValue;
    lastKey = key;
    at += ENTRY_HEADER_BYTES;
    if (at + length > next) return DROP.truncated;
    const code = readParameter(bytes, at, key, length, into);
    if (code < 0) return code;
    at += length;
  }
  return next;
}

/** Returns 0, or the drop code of the reason against the value. */
function readParameter(bytes: Uint8Array, at: number, key: number, length: number, into: SessionParameters): number {
  const name = INTEGERS.find((candidate) => PARAMETER[candidate] === key);
  if (name === undefined) return 0;
  if (length !== INTEGER_BYTES) return DROP.badLength;
  const value = readU32(bytes, at);
  into[name] = value;
  return isInBounds(name, value) ? 0 : DROP.badValue;
}

function isInBounds(name: IntegerName, value: number): boolean {
  const { least, most } = PARAMETER_BOUNDS[name];
  return least <= value && value <= most;
}

const boundsText = (name: IntegerName): string =>
  `from ${PARAMETER_BOUNDS[name].least} to ${PARAMETER_BOUNDS[name].most}`;
