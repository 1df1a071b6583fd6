/**
 * The targets that a client may reach: public unicast addresses, or only those that its invitation
 * names.
 */
import { DROP, packedPort, PACKED_ENDPOINT_BYTES } from '@relay/packet';
import { ADDRESS_BYTES, isInRange, isWithin, type AddressRange } from './address-range.js';
import { embeddedIpv4, holdsSpecial, isEmbedding, specialRangeOf } from './special-addresses.js';

/** Ports from the first to the last, 1 to 65,535. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** Targets that an invitation allows: a block of addresses, and which of their ports. */
export interface Allowance {
  /** `public`: all public unicast addresses. */
  readonly range: AddressRange | 'public';
  /** Empty: every port. */
  readonly ports: readonly PortRange[];
}

/**
 * What a block does not do, though its writer may think so. `embedding`: nothing at all, since each
 * of its addresses stands for an IPv4 one, which must be allowed itself. `special`: it leaves out
 * the special addresses within, such as loopback in `0.0.0.0/0`.
 */
export function blindSpotOf({ range }: Allowance): 'embedding' | 'special' | undefined {
  if (range === 'public') return undefined;
  if (isEmbedding(range)) return 'embedding';
  return holdsSpecial(range) ? 'special' : undefined;
}

const BITS = 8 * ADDRESS_BYTES;
const PUBLIC: readonly Allowance[] = [{ range: 'public', ports: [] }];
const anyPort = (): boolean => true;

/**
 * The rights of one client to reach targets, and the endpoints that nobody may reach: the server's
 * own.
 *
 * - A special address, such as one of a private network, is allowed by a block that lies inside its
 *   special range.
 * - An IPv6 address that stands for an IPv4 address is judged in both forms.
 * - Without allowances public unicast addresses are allowed, with every port but 0.
 */
export class TargetPolicy {
  readonly #allowances: readonly Allowance[];
  readonly #isOwn: (target: Uint8Array, offset: number) => boolean;
  readonly #outer = new Uint8Array(PACKED_ENDPOINT_BYTES);
  readonly #inner = new Uint8Array(PACKED_ENDPOINT_BYTES);

  constructor(allowances: readonly Allowance[], isOwn: (target: Uint8Array, offset: number) => boolean) {
    this.#allowances = allowances.length === 0 ? PUBLIC : allowances;
    this.#isOwn = isOwn;
  }

  /** 0 if the packed endpoint may be reached, otherwise the code of the drop reason. */
  verdict(target: Uint8Array, offset: number): number {
    const port = packedPort(target, offset);
    if (port === 0) return DROP.deniedByPolicy;
    const embedded = this.#read(target, offset);
    const isOwn = this.#isOwn(this.#outer, 0) || (embedded !== undefined && this.#isOwn(this.#inner, 0));
    if (isOwn) return DROP.loop;
    return this.#allows(embedded, (ports) => includesPort(ports, port)) ? 0 : DROP.deniedByPolicy;
  }

  /** Whether any port of the packed endpoint's address may be reached, as far as addresses say. */
  reaches(target: Uint8Array, offset: number): boolean {
    return this.#allows(this.#read(target, offset), anyPort);
  }

  /**
   * Whether an allowance names the packed endpoint on purpose: by its address alone, or by a block
   * of special addresses. An address of the server's own host is reached in no other way.
   */
  names(target: Uint8Array, offset: number): boolean {
    const port = packedPort(target, offset);
    const special = specialRangeOf(target, offset);
    return this.#allowances.some(
      ({ range, ports }) =>
        range !== 'public' &&
        isInRange(range, target, offset) &&
        includesPort(ports, port) &&
        (range.prefixBits === BITS || (special !== undefined && isWithin(range, special))),
    );
  }

  /** Copies the endpoint, and the one that is embedded in it. */
  #read(target: Uint8Array, offset: number): ReturnType<typeof embeddedIpv4> {
    this.#outer.set(target.subarray(offset, offset + PACKED_ENDPOINT_BYTES));
    this.#inner.set(this.#outer);
    return embeddedIpv4(target, offset, this.#inner);
  }

  #allows(embedded: ReturnType<typeof embeddedIpv4>, hasPort: (ports: readonly PortRange[]) => boolean): boolean {
    const allowances = this.#allowances.filter(({ ports }) => hasPort(ports));
    const isAllowed = allowances.some(({ range }) => allows(range, this.#outer, embedded === 'known'));
    return isAllowed && (embedded === undefined || allowances.some(({ range }) => allows(range, this.#inner, false)));
  }
}

/** `isCarrier`: the address is public as far as the IPv4 address is for which it stands. */
function allows(range: Allowance['range'], address: Uint8Array, isCarrier: boolean): boolean {
  const special = specialRangeOf(address, 0);
  if (range === 'public') return special === undefined || isCarrier;
  return isInRange(range, address, 0) && (special === undefined || isWithin(range, special));
}

const includesPort = (ports: readonly PortRange[], port: number): boolean =>
  ports.length === 0 || ports.some(({ first, last }) => first <= port && port <= last);
