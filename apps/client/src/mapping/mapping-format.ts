/**
 * The formats of a forward: `[LISTEN=]TARGET` on the command line, and a table in the configuration
 * file.
 */
import { duration, FORMATS, integer, option, refuse, Refusal, table, type Format, type PortRange } from '@relay/config';

/**
 * The default of RFC 4787 REQ-5. It is long enough for a service that seldom sends, and most NATs
 * keep a mapping this long.
 */
export const DEFAULT_IDLE = '120s';
export const DEFAULT_MAX_FLOWS = 4096;

/** The listening endpoint of a mapping: an address, and as many ports as the target has. */
export interface ListenRange extends PortRange {
  readonly address: string;
}

/** One forward as configured. */
export interface ForwardMapping {
  /** Undefined stands for 127.0.0.1 and the target's ports. */
  readonly listen?: ListenRange | undefined;
  readonly target: PortRange & { readonly host: string };
  readonly idle: number;
  readonly maxFlows: number;
}

const LOOPBACK = '127.0.0.1';

const listenRange: Format<ListenRange> = {
  name: 'listen range',
  expected:
    'a port such as 5353 (0: any free one), ports such as 27000-27010, or either with an address such as 127.0.0.1:5353 or [::1]:5353',
  parse(value) {
    const text = typeof value === 'number' ? `${value}` : value;
    if (typeof text !== 'string') return refuse(listenRange.expected);
    const whole = /^[\d-]+$/.test(text) ? `${LOOPBACK}:${text}` : text;
    const any = FORMATS.endpoint.parse(whole, 'text');
    if (!(any instanceof Refusal) && any.port === 0) return { address: any.address, first: 0, last: 0 };
    const range = FORMATS.endpointRange.parse(whole, 'text');
    return range instanceof Refusal ? refuse(listenRange.expected) : range;
  },
  jsonSchema: { anyOf: [{ type: 'string' }, { type: 'integer', minimum: 0, maximum: 65_535 }] },
};

const EXPECTED = 'a forward such as 5353=1.1.1.1:53, 127.0.0.1:27000-27010=example.com:27000-27010 or 1.1.1.1:53';

const fields = table(
  {
    listen: option({
      format: listenRange,
      doc: 'Where it listens: PORT or ADDR:PORT, ranges allowed; 127.0.0.1 and the ports of the target if not given',
    }),
    target: option({
      format: 'hostEndpointRange',
      required: true,
      doc: 'What is reached, beyond the server: HOST:PORT, ranges allowed',
    }),
    idle: option({
      format: duration({ min: 1000 }),
      default: DEFAULT_IDLE,
      doc: 'After how long without a datagram in either direction a flow ends',
    }),
    maxFlows: option({
      format: integer({ min: 1, max: 1_000_000 }),
      default: DEFAULT_MAX_FLOWS,
      doc: 'How many flows, one for each source, there may be at a time',
    }),
  },
  { name: 'forward', expected: EXPECTED, parseText: parseShortForm },
);

/** The format of one forward. The listening ports and the target ports must be equal in number. */
export const forwardMapping: Format<ForwardMapping> = {
  ...fields,
  parse(value, form) {
    const mapping = fields.parse(value, form);
    if (mapping instanceof Refusal || mapping.listen === undefined) return mapping;
    return portCount(mapping.listen) === portCount(mapping.target)
      ? mapping
      : refuse('as many ports to listen on as the target has');
  },
};

/** Returns the listening endpoints of a mapping. */
export function listenRangeOf({ listen, target }: ForwardMapping): ListenRange {
  return listen ?? { address: LOOPBACK, first: target.first, last: target.last };
}

export const portCount = ({ first, last }: PortRange): number => last - first + 1;

function parseShortForm(text: string): Record<string, unknown> {
  const at = text.indexOf('=');
  return at === -1 ? { target: text } : { listen: text.slice(0, at), target: text.slice(at + 1) };
}
