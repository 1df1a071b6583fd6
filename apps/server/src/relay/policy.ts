/** Which targets a client may reach: public unicast addresses, or just what its invitation names. */
import { FORMATS, Refusal, type PortRange } from '@relay/config';
import { DROP, packedPort, PACKED_ENDPOINT_BYTES } from '@relay/packet';
import { addressRange, ADDRESS_BYTES, isInRange, type AddressRange } from './address-range.js';
import { SPECIAL_RANGES, unwrapAddress } from './special-addresses.js';

/** One `--allow CIDR[:PORTS]`. */
export interface Allowance {
  readonly range: AddressRange;
  /** Empty: every port. */
  readonly ports: readonly PortRange[];
}

const ALLOWANCE =
  /^(?:\[([0-9A-Fa-f:.]+)\](\/\d+)?|([0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:\/\d+)?)|([^:[\]]+))(?::(.+))?$/;

/**
 * Reads `CIDR[:PORTS]`: `10.0.0.0/8`, `192.0.2.1:53`, `2001:db8::/32`, `[2001:db8::]/32:53,5353` (an IPv6 block stands in
 * brackets where ports follow it). Undefined where it is not of that form.
 */
export function parseAllowance(text: string): Allowance | undefined {
  const [, bracketed, prefix = '', bare, plain, portText] = ALLOWANCE.exec(text) ?? [];
  if (bare !== undefined && portText !== undefined) return undefined;
  const block = FORMATS.cidr.parse(bracketed === undefined ? (bare ?? plain) : bracketed + prefix, 'text');
  const ports = portText === undefined ? [] : FORMATS.ports.parse(portText, 'text');
  if (block instanceof Refusal || ports instanceof Refusal) return undefined;
  return { range: addressRange(block), ports };
}

/** The rights of one client to reach targets, and the endpoints that nobody may reach: the server's own. */
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
