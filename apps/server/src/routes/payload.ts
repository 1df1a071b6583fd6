import { refuse, type Format } from '@relay/config';

/** The most bytes of a payload: what fits one packet of Ethernet, over IPv6. */
const MAX_BYTES = 1232;

const HEX = /^0x((?:[0-9a-f]{2})*)$/i;

/** Bytes of a datagram: `0x` and pairs of hexadecimal digits, or any other text as UTF-8. */
export const payload: Format<Uint8Array> = {
  name: 'payload',
  expected: `a text, or bytes such as 0x0001ff; at most ${MAX_BYTES} bytes`,
  parse(value) {
    if (typeof value !== 'string' || (/^0x/i.test(value) && !HEX.test(value))) return refuse(payload.expected);
    const [, digits] = HEX.exec(value) ?? [];
    const bytes = digits === undefined ? Buffer.from(value) : Buffer.from(digits, 'hex');
    return bytes.length > MAX_BYTES ? refuse(payload.expected) : new Uint8Array(bytes);
  },
};
