import { dropReasonOf, type DropReason } from '../drop-reason.js';
import type { Endpoint } from '../endpoint/endpoint.js';
import { packEndpoint, PACKED_ENDPOINT_BYTES, unpackEndpoint } from '../endpoint/packed-endpoint.js';
import {
  decodeProxyHeader,
  encodeLocalProxyHeader,
  encodeProxyHeader,
  ProxyFields,
  proxyHeaderBytes,
  PROXY_IPV6_BYTES,
} from './proxy-header.js';
import { PROXY_TLV, proxyTlvBytes, readTlvs, writeChecksum, writeTlvs, type ProxyTlv } from './proxy-tlv.js';

/** A datagram with a PROXY v2 header before its payload. */
export interface ProxiedDatagram {
  /** The real endpoints; undefined for command LOCAL, or if the sender does not know them. */
  readonly endpoints: { readonly source: Endpoint; readonly destination: Endpoint } | undefined;
  readonly tlvs: readonly ProxyTlv[];
  readonly payload: Uint8Array;
}

/**
 * The datagram as new bytes. A TLV of type crc32c gets the right checksum whatever 4 bytes its
 * value has. TLVs are only sent with endpoints. Throws a RangeError if an endpoint is none, or the
 * header is too long.
 */
export function encodeProxiedDatagram(datagram: ProxiedDatagram): Uint8Array {
  const { endpoints, payload, tlvs } = datagram;
  const header = endpoints === undefined ? localHeader() : proxyHeader(endpoints.source, endpoints.destination, tlvs);
  const bytes = new Uint8Array(header.length + payload.length);
  bytes.set(header);
  bytes.set(payload, header.length);
  return bytes;
}

/**
 * Reads a datagram that must begin with a PROXY v2 header; payload and values are views of `bytes`.
 * Returns the drop reason if there is none.
 */
export function decodeProxiedDatagram(bytes: Uint8Array): ProxiedDatagram | DropReason {
  const fields = new ProxyFields();
  const payload = decodeProxyHeader(bytes, 0, bytes.length, fields);
  if (payload < 0) return dropReasonOf(payload);
  return {
    endpoints: fields.hasEndpoints
      ? { source: unpackEndpoint(fields.source, 0), destination: unpackEndpoint(fields.destination, 0) }
      : undefined,
    tlvs: readTlvs(bytes, fields.tlvOffset, payload),
    payload: bytes.subarray(payload),
  };
}

function localHeader(): Uint8Array {
  const bytes = new Uint8Array(PROXY_IPV6_BYTES);
  return bytes.subarray(0, encodeLocalProxyHeader(bytes, 0));
}

function proxyHeader(source: Endpoint, destination: Endpoint, tlvs: readonly ProxyTlv[]): Uint8Array {
  const packed = {
    source: new Uint8Array(PACKED_ENDPOINT_BYTES),
    destination: new Uint8Array(PACKED_ENDPOINT_BYTES),
  };
  packEndpoint(source, packed.source, 0);
  packEndpoint(destination, packed.destination, 0);
  const tlvBytes = proxyTlvBytes(tlvs);
  if (tlvBytes > 0xffff - PROXY_IPV6_BYTES) throw new RangeError('the TLVs are too long');
  if (tlvs.some(({ type, value }) => type === PROXY_TLV.crc32c && value.length !== 4)) {
    throw new RangeError('a CRC32c has 4 bytes');
  }
  const bytes = new Uint8Array(proxyHeaderBytes(packed) + tlvBytes);
  const tlvOffset = encodeProxyHeader(bytes, 0, packed, tlvBytes);
  const end = writeTlvs(bytes, tlvOffset, tlvs);
  writeChecksum(bytes, 0, tlvOffset, end);
  return bytes;
}
