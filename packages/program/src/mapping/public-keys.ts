/** The keys of mappings with public ports: who may come, how much, and what the service learns. */
import { bitRate, choice, integer, option, rate, type Cidr } from '@relay/config';
import { perSecond } from './per-second.js';

/** What a mapping with public ports has besides; what is undefined is not limited. */
export interface PublicSettings {
  /** How the service learns the real source. */
  readonly identity?: (typeof IDENTITIES)[number] | undefined;
  /** Networks that sources may come from; empty: all. */
  readonly allow: readonly Cidr[];
  /** Networks that they may not come from, whatever `allow` says. */
  readonly deny: readonly Cidr[];
  readonly maxPps?: number | undefined;
  readonly maxBps?: number | undefined;
  readonly visitorPps?: number | undefined;
  readonly visitorFlows?: number | undefined;
}

const IDENTITIES = ['proxy-v2-first', 'proxy-v2-until-reply', 'proxy-v2-every', 'spp'] as const;
/** More than any machine does, and within the 32 bits that peers read. */
const MAX_PACKETS_PER_SECOND = 1e9;
const MAX_BITS_PER_SECOND = 1e12;

const packetsPerSecond = perSecond(rate({ min: 1, max: MAX_PACKETS_PER_SECOND }), MAX_PACKETS_PER_SECOND);
const bitsPerSecond = perSecond(bitRate({ min: 1, max: MAX_BITS_PER_SECOND }), MAX_BITS_PER_SECOND);

/** The options of {@link PublicSettings}, for the table of a mapping. */
export const publicKeys = {
  identity: option({
    format: choice(IDENTITIES),
    doc: 'How the service learns the real source: a PROXY protocol v2 header in front of the first datagram of a flow, of each one until the service replies, or of every one, or a Simple Proxy Protocol header in front of every one; not at all if not given',
  }),
  allow: option({
    format: 'cidr',
    array: true,
    doc: 'Networks that sources may come from; all if not given. Others get silence, and are counted',
  }),
  deny: option({
    format: 'cidr',
    array: true,
    doc: 'Networks that sources may not come from, whatever allow says',
  }),
  maxPps: option({ format: packetsPerSecond, doc: 'Datagrams a second of all sources together' }),
  maxBps: option({ format: bitsPerSecond, doc: 'Bits a second of all sources together' }),
  visitorPps: option({
    format: packetsPerSecond,
    doc: 'Datagrams a second of one source: an IPv4 address, or a /64 of IPv6',
  }),
  visitorFlows: option({
    format: integer({ min: 1, max: 1_000_000 }),
    doc: 'Flows of one source: an IPv4 address, or a /64 of IPv6',
  }),
} as const;
