/**
 * The targets that a client may reach: public unicast addresses, or only those that its invitation
 * names.
 */
import { DROP, packedPort, PACKED_ENDPOINT_BYTES } from '@relay/packet';
import { ADDRESS_BYTES, isInRange, type AddressRange } from './address-range.js';
import { SPECIAL_RANGES, unwrapAddress } from './special-addresses.js';

/** Ports from the first to the last, 1 to 65,535. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** Targets that an invitation allows: a block of addresses, and which of their ports. */
export interface Allowance {
  readonly range: AddressRange;
  /** Empty: every port. */
  readonly ports: readonly PortRange[];
}

/**
 * The rights of one client to reach targets, and the endpoints that nobody may reach: the server's
 * own.
 */
export class TargetPolicy {
  readonly #allowances: readonly Allowance[];
  readonly #isOwn: (target: Uint8Array, offset: number) => boolean;
  readonly #real = new Uint8Array(PACKED_ENDPOINT_BYTES);

  /** Without allowances public unicast addresses are allowed, with every port but 0. */
  constructor(allowances: readonly Allowance[], isOwn: (target: Uint8Array, offset: number) => boolean) {
    this.#allowances = allowances;
    this.#isOwn = isOwn;
  }

  /** 0 if the packed endpoint may be reached, otherwise the code of the drop reason. */
  verdict(target: Uint8Array, offset: number): number {
    const real = this.#real;
    unwrapAddress(target, offset, real);
    real.set(target.subarray(offset + ADDRESS_BYTES, offset + PACKED_ENDPOINT_BYTES), ADDRESS_BYTES);
    const port = packedPort(real, 0);
    if (port === 0) return DROP.deniedByPolicy;
    if (this.#isOwn(real, 0)) return DROP.loop;
    const isAllowed =
      this.#allowances.length === 0
        ? !SPECIAL_RANGES.some((range) => isInRange(range, real, 0))
        : this.#allowances.some(({ range, ports }) => isInRange(range, real, 0) && includesPort(ports, port));
    return isAllowed ? 0 : DROP.deniedByPolicy;
  }
}

const includesPort = (ports: readonly PortRange[], port: number): boolean =>
  ports.length === 0 || ports.some(({ first, last }) => first <= port && port <= last);
