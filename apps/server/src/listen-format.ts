import { FORMATS, Refusal, refuse, type Endpoint, type Format } from '@relay/config';
import { flawOfOpened } from '@relay/program';

const BARE_PORT = /^:?\d{1,5}$/;

/** Where the server listens: an address and a port, or a port alone, which is at all addresses. */
export const listenEndpoint: Format<Endpoint> = {
  ...FORMATS.endpoint,
  valueName: '[ADDR:]PORT',
  expected: 'a port such as 7878, or an address and port such as 127.0.0.1:7878 or [::1]:7878',
  parse(value, form) {
    const text = typeof value === 'number' && form === 'data' ? `${value}` : value;
    const isBare = typeof text === 'string' && BARE_PORT.test(text);
    const parsed = FORMATS.endpoint.parse(isBare ? `[::]:${text.replace(':', '')}` : text, form);
    if (parsed instanceof Refusal) return refuse(listenEndpoint.expected);
    return flawOfOpened(parsed.address) ?? parsed;
  },
  jsonSchema: { anyOf: [{ type: 'integer', minimum: 0, maximum: 65_535 }, { type: 'string' }] },
};
