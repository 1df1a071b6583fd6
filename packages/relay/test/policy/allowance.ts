import { addressRange, type Allowance, type PortRange } from '../../src/index.js';

/** Reads `public:53`, `192.0.2.1:53,80-90` or `[2001:db8::]/32:53`; the text is right. */
export function allowanceOf(text: string): Allowance {
  const [, publicPorts] = /^public(?::(.*))?$/.exec(text) ?? [];
  if (text.startsWith('public')) return { range: 'public', ports: portsOf(publicPorts) };
  const form = text.startsWith('[')
    ? /^\[(.*)\](\/\d+)?(?::(.*))?$/
    : text.split(':').length > 2
      ? /^([^/]+)(\/\d+)?$/
      : /^([^:/]+)(\/\d+)?(?::(.*))?$/;
  const [, address = '', prefix = `/${address.includes(':') ? 128 : 32}`, ports] = form.exec(text) ?? [];
  return {
    range: addressRange({ address, prefix: Number(prefix.slice(1)) }),
    ports: portsOf(ports),
  };
}

const portsOf = (ports: string | undefined): PortRange[] =>
  (ports?.split(',') ?? []).map((range) => {
    const [first = '', last = first] = range.split('-');
    return { first: Number(first), last: Number(last) };
  });
