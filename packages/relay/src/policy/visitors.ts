/** Who may come to a public mapping, and how much of each. */
import { copyPackedEndpoint, DROP, EndpointMap, PACKED_ENDPOINT_BYTES } from '@relay/packet';
import { TokenBucket, type RandomSource } from '@relay/session';
import { ADDRESS_BYTES, IPV4_RANGE, isInRange, type AddressRange } from './address-range.js';

/** Rules for the sources of one mapping; what is undefined is not limited. */
export interface VisitorRules {
  /** Sources must lie in one of these; undefined: they may come from everywhere. */
  readonly allow?: readonly AddressRange[] | undefined;
  /** They may not lie in any of these, whatever `allow` says. */
  readonly deny?: readonly AddressRange[] | undefined;
  /** Datagrams and bits of payload a second, of all sources together. */
  readonly maxPps?: number | undefined;
  readonly maxBps?: number | undefined;
  /** Datagrams a second and flows of one source: one IPv4 address, or one /64 of IPv6. */
  readonly visitorPps?: number | undefined;
  readonly visitorFlows?: number | undefined;
}

/**
 * Buckets that sources without a flow share. A flood of new sources, however many, costs this table
 * and no more.
 */
const STRANGER_BUCKETS = 1024;
/** Bytes of an IPv6 address that one subscriber has: a /64. */
const SUBSCRIBER_BYTES = 8;
/** A bucket of bits takes the largest datagram, however low its rate. */
const LARGEST_DATAGRAM_BITS = 65_535 * 8;

/** A source with flows. */
interface Visitor {
  flows: number;
  bucket: TokenBucket | undefined;
}

/** The sources of one mapping. */
export class Visitors {
  #rules: VisitorRules = {};
  #hasRules = false;
  #packets: TokenBucket | undefined;
  #bits: TokenBucket | undefined;
  readonly #known = new EndpointMap<Visitor>();
  #strangers: (TokenBucket | undefined)[] = [];
  readonly #key = new Uint8Array(PACKED_ENDPOINT_BYTES);
  readonly #seed: number;

  /** By `random` nobody knows which addresses share a bucket. */
  constructor(random: RandomSource, rules: VisitorRules = {}) {
    const seed = new Uint8Array(4);
    random(seed);
    this.#seed = Buffer.from(seed).readInt32LE();
    this.rules = rules;
  }

  get rules(): VisitorRules {
    return this.#rules;
  }

  /** Other rules hold from now on; what sources have used up is forgotten. */
  set rules(rules: VisitorRules) {
    const { maxPps, maxBps, visitorPps } = rules;
    this.#rules = rules;
    this.#hasRules = Object.values(rules).some((rule) => rule !== undefined);
    this.#packets = maxPps === undefined ? undefined : new TokenBucket(maxPps);
    this.#bits = maxBps === undefined ? undefined : new TokenBucket(maxBps, Math.max(maxBps, LARGEST_DATAGRAM_BITS));
    this.#strangers = [];
    for (const visitor of this.#known.values()) visitor.bucket = newBucket(visitorPps);
  }

  /** Sources that have a flow. */
  get count(): number {
    return this.#known.size;
  }

  /** Whether the packed endpoint at `sources[at]` may come at all. */
  isAllowed(sources: Uint8Array, at: number): boolean {
    const { allow, deny } = this.#rules;
    if (deny?.some((range) => isInRange(range, sources, at)) === true) return false;
    return allow === undefined || allow.some((range) => isInRange(range, sources, at));
  }

  /**
   * Charges a datagram of so many bytes to its source and to the mapping. `hasFlow`: the source has
   * shown before that it is allowed. Returns 0 or a drop code.
   */
  charge(sources: Uint8Array, at: number, bytes: number, hasFlow: boolean, nowMs: number): number {
    if (!this.#hasRules) return 0;
    if (!hasFlow && !this.isAllowed(sources, at)) return DROP.deniedByPolicy;
    const isTooMuch = this.#bucketOf(sources, at)?.take(nowMs) === false || !this.#chargeMapping(bytes, nowMs);
    return isTooMuch ? DROP.rateLimited : 0;
  }

  /** Whether this source may have one more flow. */
  hasRoom(sources: Uint8Array, at: number): boolean {
    const { visitorFlows } = this.#rules;
    return visitorFlows === undefined || (this.#visitor(sources, at)?.flows ?? 0) < visitorFlows;
  }

  /** A flow of this source has opened, by a datagram of now. */
  opened(source: Uint8Array, nowMs: number): void {
    const visitor = this.#visitor(source, 0);
    if (visitor !== undefined) {
      visitor.flows++;
      return;
    }
    const bucket = newBucket(this.#rules.visitorPps);
    bucket?.take(nowMs);
    this.#known.set(this.#key, 0, { flows: 1, bucket });
  }

  /** A flow of this source has ended. */
  closed(source: Uint8Array): void {
    const visitor = this.#visitor(source, 0);
    if (visitor !== undefined && --visitor.flows === 0) this.#known.delete(this.#key, 0);
  }

  #chargeMapping(bytes: number, nowMs: number): boolean {
    if (this.#packets?.has(nowMs) === false || this.#bits?.take(nowMs, bytes * 8) === false) return false;
    return this.#packets?.take(nowMs) !== false;
  }

  #bucketOf(sources: Uint8Array, at: number): TokenBucket | undefined {
    const { visitorPps } = this.#rules;
    if (visitorPps === undefined) return undefined;
    const visitor = this.#visitor(sources, at);
    if (visitor !== undefined) return visitor.bucket;
    const i = hashOf(this.#key, this.#seed) % STRANGER_BUCKETS;
    return (this.#strangers[i] ??= newBucket(visitorPps));
  }

  /** Leaves the key of the source in `#key`. */
  #visitor(sources: Uint8Array, at: number): Visitor | undefined {
    writeVisitor(sources, at, this.#key);
    return this.#known.get(this.#key, 0);
  }
}

const newBucket = (perSecond: number | undefined): TokenBucket | undefined =>
  perSecond === undefined ? undefined : new TokenBucket(perSecond);

/** The part of a packed endpoint that stands for one source, as a packed endpoint. */
function writeVisitor(sources: Uint8Array, at: number, into: Uint8Array): void {
  copyPackedEndpoint(sources, at, into, 0);
  into.fill(0, isInRange(IPV4_RANGE, sources, at) ? ADDRESS_BYTES : SUBSCRIBER_BYTES);
}

/** FNV-1a over the address, from a random start. */
function hashOf(key: Uint8Array, seed: number): number {
  let hash = seed;
  for (let i = 0; i < ADDRESS_BYTES; i++) hash = Math.imul(hash ^ (key[i] ?? 0), 0x0100_0193);
  return (hash ^ (hash >>> 15)) >>> 0;
}
