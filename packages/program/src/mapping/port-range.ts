/** Ports in a row behind an address or a name: their format, and how they are written. */
import { isGroupAddress } from '@relay/packet';
import { FORMATS, refuse, Refusal, type Format, type PortRange } from '@relay/config';

/** The address of this machine for itself, as it is written before a port. */
export const LOOPBACK = '127.0.0.1';

/** What is said of a multicast or broadcast address where a port is to be opened. */
const ONE_HOST = 'an address of one host, and no multicast or broadcast address';

const WITH_ZONE = 'a link-local address with its zone, such as %eth0';

/** Why a port cannot be opened at this address of any host; undefined if it may be. */
export function flawOfOpened(address: string): Refusal | undefined {
  if (isGroupAddress(address)) return refuse(ONE_HOST);
  return /^fe[89ab][0-9a-f]:[^%]*$/.test(address) ? refuse(WITH_ZONE) : undefined;
}

/** Ports at an address; a single port 0 stands for any free one. */
export interface AddressPorts extends PortRange {
  readonly address: string;
}

/** Ports of a host, which is a name or an address. */
export interface HostPorts extends PortRange {
  readonly host: string;
}

/**
 * The format of ports that are opened: PORT, FIRST-LAST, or either behind an address. Without one
 * they are at `address`, as it is written before a port. Port 0 is allowed if it is the only one.
 */
export function addressPorts(name: string, expected: string, address: string): Format<AddressPorts> {
  return {
    name,
    expected,
    parse(value) {
      const text = withHost(value, address);
      const any = FORMATS.endpoint.parse(text, 'text');
      const isAny = !(any instanceof Refusal) && any.port === 0;
      const range = isAny ? { address: any.address, first: 0, last: 0 } : FORMATS.endpointRange.parse(text, 'text');
      if (range instanceof Refusal) return refuse(expected);
      return flawOfOpened(range.address) ?? range;
    },
    jsonSchema: portsSchema(0),
  };
}

/**
 * The format of ports that are reached: PORT, FIRST-LAST, or either behind a host. Without one they
 * are at `host`, as it is written before a port.
 */
export function hostPorts(name: string, expected: string, host: string): Format<HostPorts> {
  return {
    name,
    expected,
    parse(value) {
      const range = FORMATS.hostEndpointRange.parse(withHost(value, host), 'text');
      return range instanceof Refusal ? refuse(expected) : range;
    },
    jsonSchema: portsSchema(1),
  };
}

/** How many ports there are. */
export const portCount = ({ first, last }: PortRange): number => last - first + 1;

/** The text `53` or `27000-27010`. */
export const formatPorts = ({ first, last }: PortRange): string => (first === last ? `${first}` : `${first}-${last}`);

/** The text `example.com:53`, `[2001:db8::1]:27000-27010`. */
export const formatHostPorts = (host: string, ports: PortRange): string =>
  `${host.includes(':') ? `[${host}]` : host}:${formatPorts(ports)}`;

/** Ports without a host get this one. A port of a file may be a number. */
function withHost(value: unknown, host: string): unknown {
  const text = typeof value === 'number' ? `${value}` : value;
  return typeof text === 'string' && /^[\d-]+$/.test(text) ? `${host}:${text}` : text;
}

const portsSchema = (minimum: number) => ({
  anyOf: [{ type: 'string' }, { type: 'integer', minimum, maximum: 65_535 }],
});
