/**
 * What a client may reach and publish, as `--allow`, `--publish` and the files of clients write it:
 * `CIDR[:PORTS]` or `public[:PORTS]`, and `PORTS`.
 */
import { FORMATS, Refusal } from '@relay/config';
import { addressRange, blindSpotOf, type Allowance, type PortRange } from '@relay/relay';

const ALLOWANCE =
  /^(?:\[([0-9A-Fa-f:.]+)\](\/\d+)?|([0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:\/\d+)?)|([^:[\]]+))(?::(.+))?$/;

const PUBLIC = /^public(?::(.+))?$/;

/**
 * Reads `CIDR[:PORTS]`: `10.0.0.0/8`, `192.0.2.1:53`, `2001:db8::/32`, `[2001:db8::]/32:53,5353`
 * (an IPv6 block stands in brackets where ports follow it), and `public[:PORTS]`. Undefined where
 * it is not of that form, and where it could never match: see {@link allowanceFault}.
 */
export function parseAllowance(text: string): Allowance | undefined {
  const allowance = readAllowance(text);
  return allowance === undefined || blindSpotOf(allowance) === 'embedding' ? undefined : allowance;
}

/** What to write instead of an allowance that could never match; undefined of any other text. */
export function allowanceFault(text: string): string | undefined {
  const allowance = readAllowance(text);
  return allowance !== undefined && blindSpotOf(allowance) === 'embedding'
    ? 'the block of IPv4 addresses itself, since addresses of this block only stand for IPv4 ones'
    : undefined;
}

/** What an allowance leaves out though it seems to name it; undefined if nothing. */
export function allowanceGap(text: string): string | undefined {
  const allowance = parseAllowance(text);
  return allowance === undefined || blindSpotOf(allowance) === undefined
    ? undefined
    : `${text} leaves out the special addresses within it (loopback, private networks, metadata of clouds): ` +
        'a block opens them only if it lies within their range, such as 127.0.0.0/8';
}

function readAllowance(text: string): Allowance | undefined {
  const ofPublic = PUBLIC.exec(text);
  if (ofPublic !== null) {
    const ports = ofPublic[1] === undefined ? [] : parsePorts(ofPublic[1]);
    return ports && { range: 'public', ports };
  }
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
