/**
 * The format of a forward: `[LISTEN=]TARGET[;key=value]…` on the command line, and a table in the
 * configuration file.
 */
import { option, refuse, Refusal, table, type Format } from '@relay/config';
import {
  addressPorts,
  formatHostPorts,
  LOOPBACK,
  mappingKeys,
  portCount,
  type AddressPorts,
  type HostPorts,
  type MappingSettings,
} from '@relay/program';

/** One forward as configured. */
export interface ForwardMapping extends MappingSettings {
  /**
   * As many ports as the target has. Undefined stands for 127.0.0.1 and the ports of the target.
   */
  readonly listen?: AddressPorts | undefined;
  readonly target: HostPorts;
}

const listenPorts = addressPorts(
  'listen range',
  'a port such as 5353 (0: any free one), ports such as 27000-27010, or either with an address such as 127.0.0.1:5353 or [::1]:5353',
  LOOPBACK,
);

const EXPECTED = 'a forward such as 5353=1.1.1.1:53, 127.0.0.1:27000-27010=example.com:27000-27010 or 1.1.1.1:53';

const fields = table(
  {
    listen: option({
      format: listenPorts,
      doc: 'Where it listens: PORT or ADDR:PORT, ranges allowed; 127.0.0.1 and the ports of the target if not given',
    }),
    target: option({
      format: 'hostEndpointRange',
      required: true,
      doc: 'What is reached, beyond the server: HOST:PORT, ranges allowed',
    }),
    ...mappingKeys,
  },
  { name: 'forward', expected: EXPECTED, parseText: parseShortForm },
);

/** The format of one forward. The listening ports and the target ports must be equal in number. */
export const forwardMapping: Format<ForwardMapping> = {
  ...fields,
  parse(value, form) {
    const mapping = fields.parse(value, form);
    if (mapping instanceof Refusal) return mapping;
    // The name of an interface means nothing to the server, and packets carry numbers.
    if (/%.*\D/.test(mapping.target.host))
      return refuse("a target whose zone is a number: it is the server's, such as %2");
    if (mapping.listen === undefined) return mapping;
    return portCount(mapping.listen) === portCount(mapping.target)
      ? mapping
      : refuse('as many ports to listen on as the target has');
  },
};

/** Returns the listening endpoints of a mapping. */
export function listenPortsOf({ listen, target }: ForwardMapping): AddressPorts {
  return listen ?? { address: LOOPBACK, first: target.first, last: target.last };
}

/** The text `127.0.0.1:5353 -> 1.1.1.1:53`, with the ports as configured. */
export function forwardText(mapping: ForwardMapping): string {
  const listen = listenPortsOf(mapping);
  const { target } = mapping;
  return `${formatHostPorts(listen.address, listen)} -> ${formatHostPorts(target.host, target)}`;
}

function parseShortForm(text: string): Record<string, string> {
  const at = text.indexOf('=');
  return at === -1 ? { target: text } : { listen: text.slice(0, at), target: text.slice(at + 1) };
}
