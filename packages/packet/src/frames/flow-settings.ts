/**
 * What the opener of a flow wishes for it (docs/protocol.md, "Flow settings").
 *
 * ```
 *  0        4        5        6
 *  +--------+--------+--------+-------- …   +--------+--------+-------- …
 *  | flow id| key    | length | value …     | key    | length | value …
 *  +--------+--------+--------+-------- …   +--------+--------+-------- …
 * ```
 */
import { MAX_U32, readU32, writeU32 } from '../integers.js';
import { FLOW_ID_BYTES } from './compact.js';
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
import { ANSWERS, REDUNDANCY, TRAFFIC_CLASS } from './flow-values.js';
import { encodeSizedFrameHeader, FRAME, frameBodyOffset, frameEnd, SIZED_FRAME_HEADER_BYTES } from './frame.js';

/** The keys of the settings of a flow. */
export const FLOW_SETTING = {
  answers: 1,
  idleMs: 2,
  trafficClass: 3,
  socket: 4,
  redundancy: 5,
  maxAgeMs: 6,
  replies: 7,
  requests: 8,
} as const;

type SettingName = keyof typeof FLOW_SETTING;

const ANY_U32 = { bytes: 4, least: 0, most: MAX_U32 } as const;

/**
 * The bytes of each setting, and the least and the most that it may be. The decoder refuses other
 * numbers, and the encoder throws.
 */
export const FLOW_SETTING_BOUNDS = {
  answers: { bytes: 1, least: 0, most: ANSWERS.any },
  idleMs: ANY_U32,
  trafficClass: { bytes: 1, least: 0, most: TRAFFIC_CLASS.carry },
  socket: ANY_U32,
  redundancy: { bytes: 1, least: 0, most: REDUNDANCY.auto },
  maxAgeMs: ANY_U32,
  replies: ANY_U32,
  requests: { bytes: 4, least: 1, most: MAX_U32 },
} as const satisfies Record<SettingName, IntegerBounds>;

/**
 * The settings of a flow: given to {@link encodeFlowSettings}, filled in by {@link
 * decodeFlowSettings}; make one and reuse it. What is undefined is not stated: the default holds.
 */
export class FlowSettings {
  flowId = 0;
  /** One of `ANSWERS`; else `endpoint`. */
  answers: number | undefined;
  /** After how long without a datagram it ends, in milliseconds; 0: never. */
  idleMs: number | undefined;
  /** One of `TRAFFIC_CLASS`; else `none`. */
  trafficClass: number | undefined;
  /** Flows of a client with the same number leave from one socket, which no other flow uses. */
  socket: number | undefined;
  /** One of `REDUNDANCY`, for the datagrams to the opener; else `off`. */
  redundancy: number | undefined;
  /** How old a datagram may become before it is sent on, in milliseconds; else any age. */
  maxAgeMs: number | undefined;
  /** After how many replies it ends; 0: none is waited for; else any number. */
  replies: number | undefined;
  /** After how many requests it ends; else any number. */
  requests: number | undefined;
}

const NAMES = Object.keys(FLOW_SETTING) as SettingName[];
const NAME_BY_KEY = new Map<number, SettingName>(NAMES.map((name) => [FLOW_SETTING[name], name]));
const LENGTH_BYTES = 1;

/** The most bytes of a frame with the settings of a flow. */
export const MAX_FLOW_SETTINGS_BYTES = NAMES.reduce(
  (sum, name) => sum + entryBytes(LENGTH_BYTES, FLOW_SETTING_BOUNDS[name].bytes),
  SIZED_FRAME_HEADER_BYTES + FLOW_ID_BYTES,
);

/**
 * Returns the offset after the frame. Throws a RangeError if there is no room, or a setting is out
 * of its bounds.
 */
export function encodeFlowSettings(bytes: Uint8Array, offset: number, settings: Readonly<FlowSettings>): number {
  let length = FLOW_ID_BYTES;
  for (const name of NAMES) {
    const value = settings[name];
    if (value === undefined) continue;
    requireInteger(name, value, FLOW_SETTING_BOUNDS[name]);
    length += entryBytes(LENGTH_BYTES, FLOW_SETTING_BOUNDS[name].bytes);
  }
  const body = encodeSizedFrameHeader(bytes, offset, FRAME.flowSettings, length);
  writeU32(bytes, body, settings.flowId);
  let at = body + FLOW_ID_BYTES;
  for (const name of NAMES) {
    const value = settings[name];
    if (value === undefined) continue;
    const bounds = FLOW_SETTING_BOUNDS[name];
    at = writeEntryHeader(bytes, at, FLOW_SETTING[name], LENGTH_BYTES, bounds.bytes);
    at = writeInteger(bytes, at, value, bounds);
  }
  return at;
}

const entry = new EntryFields();

/**
 * Reads the settings of a flow into `into`, all of whose fields it sets. Returns the offset after
 * the frame, or a drop code: as {@link nextFrame}, and truncated, bad-length (a value of another
 * length than its key has), bad-value (keys that do not ascend, a number out of its bounds).
 * Unknown keys are skipped.
 */
export function decodeFlowSettings(bytes: Uint8Array, offset: number, end: number, into: FlowSettings): number {
  const next = frameEnd(bytes, offset, end, FRAME.flowSettings);
  if (next < 0) return next;
  const body = frameBodyOffset(bytes, offset);
  into.flowId = readU32(bytes, body);
  for (const name of NAMES) into[name] = undefined;
  entry.key = 0;
  for (let at = body + FLOW_ID_BYTES; at < next;) {
    at = readEntry(bytes, at, next, LENGTH_BYTES, entry);
    if (at < 0) return at;
    const name = NAME_BY_KEY.get(entry.key);
    if (name === undefined) continue;
    const value = readInteger(bytes, entry, FLOW_SETTING_BOUNDS[name]);
    if (value < 0) return value;
    into[name] = value;
  }
  return next;
}
