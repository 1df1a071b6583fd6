/**
 * The format of a publish: `[PUBLIC=]LOCAL[;key=value]…` on the command line, and a table in the
 * configuration file.
 */
import { option, refuse, Refusal, table, type Format } from '@relay/config';
import { encodePublish, type PublishRequest } from '@relay/packet';
import {
  addressPorts,
  formatHostPorts,
  formatPorts,
  hostPorts,
  LOOPBACK,
  mappingKeys,
  portCount,
  publicKeys,
  type AddressPorts,
  type HostPorts,
  type MappingSettings,
  type PublicSettings,
} from '@relay/program';

/** One publish as configured. */
export interface PublishMapping extends MappingSettings, PublicSettings {
  /**
   * As many ports of the server as there are local ones; the address `::` stands for all addresses
   * of the server. Undefined stands for the local ports on all of them.
   */
  readonly public?: AddressPorts | undefined;
  readonly local: HostPorts;
}

/** The address that stands for all addresses of the server. */
export const ALL_ADDRESSES = '::';

const anyAddressPorts = addressPorts(
  'public range',
  'a port of the server such as 27015 (0: any free one), ports such as 27000-27010, or either with an address such as 203.0.113.5:27015 or [2001:db8::1]:27015; without an address all of the server',
  `[${ALL_ADDRESSES}]`,
);

const publicPorts: Format<AddressPorts> = {
  ...anyAddressPorts,
  parse(value, form) {
    const ports = anyAddressPorts.parse(value, form);
    if (ports instanceof Refusal) return ports;
    const isOfServer = ports.address !== '0.0.0.0' && !ports.address.includes('%');
    return isOfServer ? ports : refuse(anyAddressPorts.expected);
  },
};

const EXPECTED = 'a publish such as 27015, 27015=192.168.1.5:27015 or 203.0.113.5:27000-27010=27000-27010';

const fields = table(
  {
    public: option({
      format: publicPorts,
      doc: 'Where the server listens: PORT or ADDR:PORT, ranges allowed, 0 for any free port; the ports of the service on all addresses of the server if not given',
    }),
    local: option({
      format: hostPorts(
        'local range',
        'a port such as 27015, ports such as 27000-27010, or either with a host such as 192.168.1.5:27015',
        LOOPBACK,
      ),
      required: true,
      doc: 'The service beside the client: PORT (at 127.0.0.1) or HOST:PORT, ranges allowed',
    }),
    ...mappingKeys,
    ...publicKeys,
  },
  { name: 'publish', expected: EXPECTED, parseText: parseShortForm },
);

/** The format of one publish. The public ports and the local ports must be equal in number. */
export const publishMapping: Format<PublishMapping> = {
  ...fields,
  parse(value, form) {
    const mapping = fields.parse(value, form);
    if (mapping instanceof Refusal) return mapping;
    if (mapping.public !== undefined && portCount(mapping.public) !== portCount(mapping.local))
      return refuse('as many public ports as there are local ones (0 is one port)');
    return fitsPacket(mapping)
      ? mapping
      : refuse('fewer networks in allow and deny: they must fit one packet, about 60');
  },
};

/** What the server is told of a mapping besides its ports. */
export function publishEntries(mapping: PublishMapping): Omit<PublishRequest, 'endpoint' | 'count'> {
  const { name, idle, maxFlows, replies, requests, allow, deny } = mapping;
  const { maxPps, maxBps, visitorPps, visitorFlows } = mapping;
  return {
    ...{ name, idleMs: idle === Infinity ? 0 : idle, maxFlows, replies, requests },
    ...(allow.length > 0 && { allow }),
    ...(deny.length > 0 && { deny }),
    ...{ maxPps: whole(maxPps), maxBps: whole(maxBps), visitorPps: whole(visitorPps), visitorFlows },
  };
}

/** Rates such as 100/min are not whole numbers, which the server takes. */
const whole = (perSecond: number | undefined): number | undefined => perSecond && Math.floor(perSecond);

/** Whether a server must know the settings of a mapping, or visitors come who may not. */
export function hasRules({ allow, deny, maxPps, maxBps, visitorPps, visitorFlows }: PublishMapping): boolean {
  const limits = [maxPps, maxBps, visitorPps, visitorFlows];
  return allow.length + deny.length > 0 || limits.some((limit) => limit !== undefined);
}

/** A request cannot be split. */
function fitsPacket(mapping: PublishMapping): boolean {
  try {
    encodePublish({ endpoint: { address: ALL_ADDRESSES, port: 1 }, count: 1, token: 0, ...publishEntries(mapping) });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** Returns the public ports of a mapping. */
export function publicPortsOf(mapping: PublishMapping): AddressPorts {
  const { first, last } = mapping.local;
  return mapping.public ?? { address: ALL_ADDRESSES, first, last };
}

/** The text `27015 -> 127.0.0.1:27015`, with the ports as configured. */
export function publishText(mapping: PublishMapping): string {
  const { local } = mapping;
  const ports = publicPortsOf(mapping);
  const listen = ports.address === ALL_ADDRESSES ? formatPorts(ports) : formatHostPorts(ports.address, ports);
  return `${listen} -> ${formatHostPorts(local.host, local)}`;
}

function parseShortForm(text: string): Record<string, string> {
  const at = text.indexOf('=');
  return at === -1 ? { local: text } : { public: text.slice(0, at), local: text.slice(at + 1) };
}
