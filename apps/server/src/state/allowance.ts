/**
 * What a client may reach and publish, as `--allow`, `--publish` and the files of clients write it:
 * `CIDR[:PORTS]` and `PORTS`.
 */
import { FORMATS, Refusal } from '@relay/config';
import { addressRange, type Allowance, type PortRange } from '@relay/relay';

const ALLOWANCE =
  /^(?:\[([0-9A-Fa-f:.]+)\](\/\d+)?|([0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:\/\d+)?)|([^:[\]]+))(?::(.+))?$/;

/**
 * Reads `CIDR[:PORTS]`: `10.0.0.0/8`, `192.0.2.1:53`, `2001:db8::/32`, `[2001:db8::]/32:53,5353`
 * (an IPv6 block stands in brackets where ports follow it). Undefined where it is not of that form.
 */
export function parseAllowance(text: string): Allowance | undefined {
  const [, bracketed, prefix = '', bare, plain, portText] = ALLOWANCE.exec(text) ?? [];
  if (bare !== undefined && portText !== undefined) return undefined;
  const block = FORMATS.cidr.parse(bracketed === undefined ? (bare ?? plain) : bracketed + prefix, 'text');
  const ports = portText === undefined ? [] : parsePorts(portText);
  if (block instanceof Refusal || ports === undefined) return undefined;
  return { range: addressRange(block), ports };
}

/**
 * Reads `PORTS`: `53`, `27000-27100` or a list of these with commas. Undefined where it is not of
 * that form.
 */
export function parsePorts(text: string): readonly PortRange[] | undefined {
  const ports = FORMATS.ports.parse(text, 'text');
  return ports instanceof Refusal ? undefined : ports;
}
