/**
 * The format of a route: `LISTEN=TARGET[,TARGET…][;key=value]…` on the command line, and a table in
 * the configuration file.
 */
import {
  choice,
  duration,
  FORMATS,
  integer,
  option,
  refuse,
  Refusal,
  table,
  type Format,
  type HostEndpointRange,
} from '@relay/config';
import {
  addressPorts,
  mappingKeys,
  portCount,
  publicKeys,
  type AddressPorts,
  type MappingSettings,
  type PublicSettings,
} from '@relay/program';
import {
  addressRange,
  BALANCES,
  type ActiveHealth,
  type BalanceName,
  type HashBy,
  type RouteSettings,
  type VisitorRules,
} from '@relay/relay';
import { payload } from './payload.js';

/** An upstream as configured: a host, as many ports as the route has, and its weight. */
export interface RouteTarget extends HostEndpointRange {
  readonly weight: number;
}

/** One route as configured. */
export interface RouteMapping extends MappingSettings, PublicSettings {
  /** One or several, with as many ports each; a single port may be 0. */
  readonly listen: readonly AddressPorts[];
  readonly target: readonly RouteTarget[];
  readonly balance: BalanceName;
  readonly hashBy: HashBy;
  readonly health: 'passive' | 'active';
  readonly send?: Uint8Array | undefined;
  readonly expect?: Uint8Array | undefined;
  readonly every?: number | undefined;
  readonly fails?: number | undefined;
  readonly passes?: number | undefined;
}

const ALL_ADDRESSES = '[::]';
const MAX_WEIGHT = 1000;
/** Keys that mean something with `health = "active"` only. */
const CHECK_KEYS = ['send', 'expect', 'every', 'fails', 'passes'] as const;
const CHECK_DEFAULTS = { everyMs: 2000, fails: 3, passes: 2 };

const listenRange = addressPorts(
  'listen range',
  'a port such as 5300 (0: any free one), ports such as 27000-27010, or either with an address such as 127.0.0.1:5300 or [::1]:5300',
  ALL_ADDRESSES,
);

const target: Format<RouteTarget> = {
  name: 'upstream',
  expected: `HOST:PORT, ranges allowed, and *WEIGHT behind it (1 to ${MAX_WEIGHT}), such as 10.0.0.1:53*3`,
  parse(value) {
    const [, host, weight = '1'] = /^(.*?)(?:\*([1-9]\d{0,3}))?$/s.exec(typeof value === 'string' ? value : '') ?? [];
    const range = FORMATS.hostEndpointRange.parse(host, 'text');
    if (range instanceof Refusal || Number(weight) > MAX_WEIGHT) return refuse(target.expected);
    return { ...range, weight: Number(weight) };
  },
};

/** One or several, as a text with commas or an array. */
function oneOrMore<T>(item: Format<T>): Format<readonly T[]> {
  const format: Format<readonly T[]> = {
    name: `${item.name}s`,
    expected: `${item.expected}; several with commas between them or as a list`,
    parse(value, form) {
      const items: readonly unknown[] =
        typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : [value];
      const parsed: T[] = [];
      for (const one of items) {
        const result = item.parse(one, form);
        if (result instanceof Refusal) return isOwnFlaw(result, item) ? result : refuse(format.expected);
        parsed.push(result);
      }
      return parsed.length === 0 ? refuse(format.expected) : parsed;
    },
    jsonSchema: {
      anyOf: [
        { type: 'string' },
        { type: 'integer' },
        { type: 'array', items: { type: ['string', 'integer'] }, minItems: 1 },
      ],
    },
  };
  return format;
}

/** Whether an item was refused for another reason than that it is none. */
const isOwnFlaw = ({ flaws }: Refusal, { expected }: Format<unknown>): boolean =>
  flaws.some((flaw) => flaw.expected !== expected);

const EXPECTED =
  'a route such as 127.0.0.1:5300=127.0.0.1:53,127.0.0.1:54*3 or 27000-27010=example.com:27000-27010;balance=hash';

const fields = table(
  {
    listen: option({
      format: oneOrMore(listenRange),
      required: true,
      doc: 'Where it listens: PORT (at all addresses) or ADDR:PORT, ranges allowed; several with commas or as a list',
    }),
    target: option({
      format: oneOrMore(target),
      required: true,
      doc: 'Its upstreams, HOST:PORT or HOST:PORT*WEIGHT: port by port as many as it listens on; all addresses of a name, looked up again every 30 s',
    }),
    ...mappingKeys,
    balance: option({
      format: choice(BALANCES),
      default: 'round-robin',
      doc: 'Which upstream gets a new flow: the next one, any one, the one with the fewest flows, or always the same for a source; all by weight',
    }),
    hashBy: option({
      format: choice(['address', 'endpoint']),
      default: 'address',
      doc: 'What of a source counts with balance hash: its address, or its port too',
    }),
    health: option({
      format: choice(['passive', 'active']),
      default: 'passive',
      doc: 'How it is found out that an upstream is down: by errors and silence under traffic, or by checks besides',
    }),
    send: option({
      format: payload,
      doc: 'With health active: what a check sends, as text or as 0x and hexadecimal digits',
    }),
    expect: option({
      format: payload,
      doc: 'With health active: what an answer must contain to count; any answer does if it is not given',
    }),
    every: option({
      format: duration({ min: 500, max: 3_600_000 }),
      defaultDoc: '2s',
      doc: 'With health active: how often a check asks; without an answer within 1 s, or until the next one, it fails',
    }),
    fails: option({
      format: integer({ min: 1, max: 100 }),
      defaultDoc: '3',
      doc: 'With health active: after how many failures in a row an upstream is down',
    }),
    passes: option({
      format: integer({ min: 1, max: 100 }),
      defaultDoc: '2',
      doc: 'With health active: after how many answers in a row an upstream is up again',
    }),
    ...publicKeys,
  },
  { name: 'route', expected: EXPECTED, parseText: parseShortForm },
);

/** The format of one route. All its listeners and all its upstreams have as many ports. */
export const routeMapping: Format<RouteMapping> = {
  ...fields,
  parse(value, form) {
    const mapping = fields.parse(value, form);
    return mapping instanceof Refusal ? mapping : (flawOf(mapping) ?? mapping);
  },
};

/** How many ports each listener and each upstream of the route has. */
export const portCountOf = ({ listen }: RouteMapping): number => (listen[0] === undefined ? 0 : portCount(listen[0]));

/** The settings of the route for the shard; `name` is what it is called. */
export function settingsOf(mapping: RouteMapping, calledName: string): RouteSettings {
  const { idle: idleMs, maxFlows, replies, requests, identity, balance, hashBy } = mapping;
  return {
    ...{ name: calledName, idleMs, maxFlows, replies, requests, identity, balance, hashBy },
    health: healthOf(mapping),
    rules: rulesOf(mapping),
  };
}

/** An empty `allow` lets everybody in. */
function rulesOf({ allow, deny, maxPps, maxBps, visitorPps, visitorFlows }: RouteMapping): VisitorRules {
  return {
    allow: allow.length === 0 ? undefined : allow.map(addressRange),
    deny: deny.length === 0 ? undefined : deny.map(addressRange),
    ...{ maxPps, maxBps, visitorPps, visitorFlows },
  };
}

function healthOf({ health, send, expect, every, fails, passes }: RouteMapping): 'passive' | ActiveHealth {
  if (health === 'passive' || send === undefined) return 'passive';
  return {
    ...{ send, expect },
    everyMs: every ?? CHECK_DEFAULTS.everyMs,
    fails: fails ?? CHECK_DEFAULTS.fails,
    passes: passes ?? CHECK_DEFAULTS.passes,
  };
}

function flawOf(mapping: RouteMapping): Refusal | undefined {
  const { listen, target: targets, health, send } = mapping;
  const count = portCountOf(mapping);
  if ([...listen, ...targets].some((range) => portCount(range) !== count))
    return refuse('as many ports to listen on as each upstream has');
  const given = CHECK_KEYS.find((key) => mapping[key] !== undefined);
  if (health === 'passive' && given !== undefined) return refuse(`${given} together with health = active`);
  if (health === 'active' && send === undefined) return refuse('with health = active a payload to send, as send');
  return undefined;
}

function parseShortForm(text: string): Record<string, string> | Refusal {
  const at = text.indexOf('=');
  return at === -1 ? refuse(EXPECTED) : { listen: text.slice(0, at), target: text.slice(at + 1) };
}
