/** The keys that a forward and a publish share. */
import { duration, integer, option, refuse, type Format } from '@relay/config';
import { isPublishName } from '@relay/packet';

/**
 * The default of RFC 4787 REQ-5. It is long enough for a service that seldom sends, and most NATs
 * keep a mapping this long.
 */
export const DEFAULT_IDLE_MS = 120_000;
export const DEFAULT_MAX_FLOWS = 4096;

/** What a mapping has besides its endpoints. */
export interface MappingSettings {
  /** Undefined: the text of the mapping is its name. */
  readonly name?: string | undefined;
  /** After how many ms without a datagram a flow ends; Infinity: never. */
  readonly idle: number;
  readonly maxFlows: number;
}

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
    doc: 'How many flows, one for each source, there may be at a time',
  }),
} as const;
