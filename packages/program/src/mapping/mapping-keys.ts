/** The keys that mappings of all modes have. */
import { duration, integer, option, refuse, type Format } from '@relay/config';
import { isPublishName } from '@relay/packet';

/**
 * The default of RFC 4787 REQ-5. It is long enough for a service that seldom sends, and most NATs
 * keep a mapping this long.
 */
export const DEFAULT_IDLE_MS = 120_000;
/** How many flows a mapping may have where it does not say. */
export const DEFAULT_MAX_FLOWS = 4096;

/** What a mapping has besides its endpoints. */
export interface MappingSettings {
  /** Undefined: the text of the mapping is its name. */
  readonly name?: string | undefined;
  /** After how many ms without a datagram a flow ends; Infinity: never. */
  readonly idle: number;
  readonly maxFlows: number;
  /** After how many replies to each request a flow ends; 0: none is waited for. */
  readonly replies?: number | undefined;
  /** After how many requests the source's next datagram opens another flow. */
  readonly requests?: number | undefined;
}

/** The largest number in a field of 32 bits, which peers read. */
const MAX_U32 = 0xffff_ffff;

const finite = duration({ min: 1000 });

const idle: Format<number> = {
  ...finite,
  expected: `${finite.expected}, or never`,
  parse(value, form) {
    const idleMs = value === 'never' ? Infinity : finite.parse(value, form);
    return typeof idleMs === 'number' ? idleMs : refuse(idle.expected);
  },
  jsonSchema: { anyOf: [finite.jsonSchema, { const: 'never' }] },
};

const name: Format<string> = {
  name: 'name',
  expected: 'a name of 1 to 64 bytes without control characters, such as dns',
  parse: (value) =>
    typeof value === 'string' && value.trim() !== '' && isPublishName(value) ? value : refuse(name.expected),
};

/** The options of {@link MappingSettings}, for the table of a mapping. */
export const mappingKeys = {
  name: option({
    format: name,
    doc: 'What status, logs and metrics call it; no two mappings have the same name; its text if not given',
  }),
  idle: option({
    format: idle,
    default: `${DEFAULT_IDLE_MS / 1000}s`,
    doc: 'After how long without a datagram in either direction a flow ends; never: only with its mapping',
  }),
  maxFlows: option({
    format: integer({ min: 1, max: 1_000_000 }),
    default: DEFAULT_MAX_FLOWS,
    doc: 'How many flows, one for each source, there may be at a time; at the limit the one that was silent longest gives way',
  }),
  replies: option({
    format: integer({ min: 0, max: MAX_U32 }),
    doc: 'After how many replies to each request a flow ends: 1 for DNS, NTP and SNMP; 0: none is waited for; any number if not given',
  }),
  requests: option({
    format: integer({ min: 1, max: MAX_U32 }),
    doc: 'After how many datagrams of a source its next one opens another flow; any number if not given',
  }),
} as const;
