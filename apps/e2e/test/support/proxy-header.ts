/**
 * A reader of PROXY protocol v2 headers that shares no code with the programs
 * (www.haproxy.org/download/2.9/doc/proxy-protocol.txt, section 2.2).
 */

const SIGNATURE = '0d0a0d0a000d0a515549540a';
const VERSION_2_PROXY = 0x21;
const UDP_OVER_IPV4 = 0x12;
const UDP_OVER_IPV6 = 0x22;
const FIXED_BYTES = 16;

export interface ProxiedPayload {
  /** `ADDRESS PORT`; of IPv6 in its shortest form. */
  readonly source: string;
  readonly destination: string;
  readonly payload: Buffer;
}

/** Throws if the datagram does not begin with a header of a source over UDP. */
export function readProxyHeader(datagram: Buffer): ProxiedPayload {
  const family = datagram.readUInt8(13);
  const isProxied = datagram.toString('hex', 0, 12) === SIGNATURE && datagram.readUInt8(12) === VERSION_2_PROXY;
  if (!isProxied || (family !== UDP_OVER_IPV4 && family !== UDP_OVER_IPV6))
    throw new Error(`no header of UDP: ${datagram.toString('hex')}`);
  const bytes = family === UDP_OVER_IPV4 ? 4 : 16;
  const ports = FIXED_BYTES + 2 * bytes;
  const addressAt = (at: number): string => addressOf(datagram.subarray(at, at + bytes));
  return {
    source: `${addressAt(FIXED_BYTES)} ${datagram.readUInt16BE(ports)}`,
    destination: `${addressAt(FIXED_BYTES + bytes)} ${datagram.readUInt16BE(ports + 2)}`,
    payload: datagram.subarray(FIXED_BYTES + datagram.readUInt16BE(14)),
  };
}

function addressOf(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}
