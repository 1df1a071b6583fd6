/** The rights that `invite` grants, as its parameters give them. */
import { bitRate, FORMATS, option, rate, refuse, type Format, type ValuesOf } from '@relay/config';
import { perSecond } from '@relay/program';
import { expiry } from './expiry.js';
import { allowanceFault, parseAllowance, parsePorts } from './allowance.js';
import type { Rights } from './invite.js';

const allowance: Format<string> = {
  name: 'CIDR[:PORTS]',
  expected:
    'public or a block of addresses, with ports or without, such as 10.0.0.0/8, 192.0.2.1:53 or [2001:db8::]/32:53,5353',
  parse: (value) => {
    if (typeof value !== 'string') return refuse(allowance.expected);
    if (parseAllowance(value) !== undefined) return value;
    return refuse(allowanceFault(value) ?? allowance.expected);
  },
};

const publicPorts: Format<string> = {
  name: 'PORTS',
  expected: FORMATS.ports.expected,
  parse: (value) =>
    typeof value === 'string' && parsePorts(value) !== undefined ? value : refuse(publicPorts.expected),
};

/** More than any machine does; sums of these per millisecond stay exact. */
const MAX_PACKETS_PER_SECOND = 1e9;
const MAX_BITS_PER_SECOND = 1e12;

/** The options of `invite` besides the name. */
export const rightsOptions = {
  allow: option({
    format: allowance,
    array: true,
    environment: false,
    doc: 'What the client may reach: CIDR[:PORTS], or public[:PORTS]. Without it public unicast addresses, and nothing else',
  }),
  publish: option({
    format: publicPorts,
    array: true,
    environment: false,
    doc: 'Which ports of the server the client may publish: 53, 27000-27100 or a list of these. Without it none',
  }),
  maxPps: option({
    format: perSecond(rate({ min: 1, max: MAX_PACKETS_PER_SECOND }), MAX_PACKETS_PER_SECOND),
    environment: false,
    doc: 'Packets per second that the server takes from the client',
  }),
  maxBps: option({
    format: perSecond(bitRate({ min: 1, max: MAX_BITS_PER_SECOND }), MAX_BITS_PER_SECOND),
    environment: false,
    doc: 'Bits per second that the server takes from the client',
  }),
  expires: option({
    format: expiry,
    environment: false,
    doc: 'After which time the client is no longer let in, such as 7d, or after which day, such as 2027-12-31 (UTC)',
  }),
} as const;

/** The rights that the values of these options grant. */
export function rightsOf({ expires, ...rights }: ValuesOf<typeof rightsOptions>): Rights {
  return { ...rights, ...(expires instanceof Date ? { expiresAt: expires } : { expiresInMs: expires }) };
}
