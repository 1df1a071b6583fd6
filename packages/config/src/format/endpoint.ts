import { refuse } from '../refusal.js';
import { parseAddress } from './address.js';
import type { Format } from './format.js';

/** A literal address with a port. */
export interface Endpoint {
  /** Canonical text: dotted IPv4, RFC 5952 IPv6, `%zone` after link-local ones. */
  readonly address: string;
  /** 0 (the system chooses) to 65535. */
  readonly port: number;
}

/** A name or a literal address with a port. */
export interface HostEndpoint {
  /** A name in lower case, or an address in canonical text. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
}

/** A name or a literal address, with a port or without. */
export interface Host {
  /** A name in lower case, or an address in canonical text. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port?: number;
}

/** Ports from `first` to `last`, both included; 1 to 65535. */
export interface PortRange {
  /** 1 to `last`. */
  readonly first: number;
  /** `first` to 65535. */
  readonly last: number;
}

/** A literal address with a range of ports. */
export interface EndpointRange extends PortRange {
  /** Canonical text. */
  readonly address: string;
}

/** A name or a literal address with a range of ports. */
export interface HostEndpointRange extends PortRange {
  /** A name in lower case, or an address in canonical text. */
  readonly host: string;
}

/**
 * A literal address and port: `127.0.0.1:53`, `[::]:7878`, `[fe80::1%eth0]:53`. Port 0 lets the
 * system choose.
 */
export const endpoint: Format<Endpoint> = textFormat(
  ['endpoint', 'ADDR:PORT'],
  'an address and port such as 127.0.0.1:7878 or [::1]:7878',
  (text) => {
    const [address, port] = [literalOf(text), portOf(text, 0)];
    return address === undefined || port === undefined ? undefined : { address, port };
  },
);

/** A name or address and a port: `example.com:53`, `192.0.2.1:53`, `[2001:db8::1]:53`. */
export const hostEndpoint: Format<HostEndpoint> = textFormat(
  ['host endpoint', 'HOST:PORT'],
  'a name or address and a port such as example.com:7878, 192.0.2.1:7878 or [2001:db8::1]:7878',
  (text) => {
    const [host, port] = [hostOf(text), portOf(text, 1)];
    return host === undefined || port === undefined ? undefined : { host, port };
  },
);

/** A name or address, the port optional: `example.com`, `example.com:53`, `[2001:db8::1]`. */
export const host: Format<Host> = textFormat(
  ['host', 'HOST[:PORT]'],
  'a name or address, with a port or without, such as example.com, 192.0.2.1:7878 or [2001:db8::1]',
  (text) => {
    if (portText(text) !== undefined) {
      const both = hostEndpoint.parse(text, 'text');
      return 'host' in both ? both : undefined;
    }
    const alone = parseHost(text);
    return alone === undefined ? undefined : { host: alone };
  },
);

/** A literal address and ports: `0.0.0.0:27000-27010`, `[::]:53`. */
export const endpointRange: Format<EndpointRange> = textFormat(
  ['endpoint range', 'ADDR:PORTS'],
  'an address and ports such as 0.0.0.0:27000-27010 or [::]:27015',
  (text) => {
    const [address, range] = [literalOf(text), parsePortRange(portText(text) ?? '')];
    return address === undefined || range === undefined ? undefined : { address, ...range };
  },
);

/** A name or address and ports: `example.com:27000-27010`. */
export const hostEndpointRange: Format<HostEndpointRange> = textFormat(
  ['host endpoint range', 'HOST:PORTS'],
  'a name or address and ports such as example.com:27000-27010 or [2001:db8::1]:27015',
  (text) => {
    const [host, range] = [hostOf(text), parsePortRange(portText(text) ?? '')];
    return host === undefined || range === undefined ? undefined : { host, ...range };
  },
);

/** Ports and ranges of ports, separated by commas: `53`, `27000-27100`, `53,853,27000-27100`. */
export const ports: Format<readonly PortRange[]> = textFormat(
  ['ports', 'PORTS'],
  'ports such as 53, 27000-27100 or 53,853,27000-27100',
  (text) => {
    const ranges = text.split(',').map(parsePortRange);
    return ranges.every((range) => range !== undefined) ? ranges : undefined;
  },
);

const PORT = /^(?:0|[1-9]\d{0,4})$/;
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i;

/** The text after the colon that follows the host; the brackets of IPv6 keep its own colons out. */
function portText(text: string): string | undefined {
  const colon = text.startsWith('[') ? text.indexOf(']:') + 1 : text.indexOf(':');
  return colon > 0 ? text.slice(colon + 1) : undefined;
}

function portOf(text: string, min: number): number | undefined {
  const digits = portText(text) ?? '';
  return PORT.test(digits) && Number(digits) >= min && Number(digits) <= 65_535 ? Number(digits) : undefined;
}

function parsePortRange(text: string): PortRange | undefined {
  const [start = '', end = start, ...more] = text.split('-');
  if (more.length > 0 || !PORT.test(start) || !PORT.test(end)) return undefined;
  const [first, last] = [Number(start), Number(end)];
  return first >= 1 && first <= last && last <= 65_535 ? { first, last } : undefined;
}

function literalOf(text: string): string | undefined {
  const before = text.slice(0, text.length - (portText(text)?.length ?? 0) - 1);
  return parseBracketed(before);
}

function hostOf(text: string): string | undefined {
  return parseHost(text.slice(0, text.length - (portText(text)?.length ?? 0) - 1));
}

/** IPv6 stands in brackets, IPv4 does not. */
function parseBracketed(text: string): string | undefined {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : undefined;
  if (bare !== undefined) return bare.includes(':') ? parseAddress(bare) : undefined;
  return text.includes(':') ? undefined : parseAddress(text);
}

function parseHost(text: string): string | undefined {
  const literal = parseBracketed(text);
  if (literal !== undefined) return literal;
  const name = text.endsWith('.') ? text.slice(0, -1) : text;
  const labels = name.split('.');
  // A name whose last label is a number is an address in disguise (127.1, 0x7f.1, 017700000001).
  const last = labels.at(-1) ?? '';
  if (text.length > 253 || !labels.every((label) => LABEL.test(label)) || /^(?:\d+|0x[0-9a-f]*)$/i.test(last)) {
    return undefined;
  }
  return text.toLowerCase();
}

function textFormat<T extends object>(
  [name, valueName]: readonly [string, string],
  expected: string,
  parse: (text: string) => T | undefined,
): Format<T> {
  return {
    name,
    valueName,
    expected,
    parse: (value) => (typeof value === 'string' ? parse(value) : undefined) ?? refuse(expected),
  };
}
