import type { PortRange } from '@relay/config';
import type { RouteMapping, RouteTarget } from './route-format.js';

/** The text `127.0.0.1:5300`, `[::]:27000-27010`, `example.com:53`. */
export function rangeText(host: string, { first, last }: PortRange): string {
  const ports = first === last ? `${first}` : `${first}-${last}`;
  return `${host.includes(':') ? `[${host}]` : host}:${ports}`;
}

/** What users call an upstream: `example.com:53`. */
export const targetText = ({ host, ...range }: RouteTarget): string => rangeText(host, range);

/** The texts of all upstreams, with their weights: `10.0.0.1:53, 10.0.0.2:53*3`. */
export const targetTexts = ({ target }: Pick<RouteMapping, 'target'>): string =>
  target.map((one) => (one.weight === 1 ? targetText(one) : `${targetText(one)}*${one.weight}`)).join(', ');

/** What a route is called: its name, or its text. */
export function nameOf(mapping: RouteMapping): string {
  const listen = mapping.listen.map(({ address, ...range }) => rangeText(address, range)).join(',');
  return mapping.name ?? `${listen}=${targetTexts(mapping).replaceAll(', ', ',')}`;
}
