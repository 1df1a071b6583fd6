import { formatHostPorts } from '@relay/program';
import type { RouteMapping, RouteTarget } from './route-format.js';

/** What users call an upstream: `example.com:53`. */
export const targetText = ({ host, ...range }: RouteTarget): string => formatHostPorts(host, range);

/** The texts of all upstreams, with their weights: `10.0.0.1:53, 10.0.0.2:53*3`. */
export const targetTexts = ({ target }: Pick<RouteMapping, 'target'>): string =>
  target.map((one) => (one.weight === 1 ? targetText(one) : `${targetText(one)}*${one.weight}`)).join(', ');

/** What a route is called: its name, or its text. */
export function nameOf(mapping: RouteMapping): string {
  const listen = mapping.listen.map(({ address, ...range }) => formatHostPorts(address, range)).join(',');
  return mapping.name ?? `${listen}=${targetTexts(mapping).replaceAll(', ', ',')}`;
}
