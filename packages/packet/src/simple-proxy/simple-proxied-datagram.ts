import { dropReasonOf, type DropReason } from '../drop-reason.js';
import type { Endpoint } from '../endpoint/endpoint.js';
import { packEndpoint, PACKED_ENDPOINT_BYTES, unpackEndpoint } from '../endpoint/packed-endpoint.js';
import { decodeSimpleProxyHeader, encodeSimpleProxyHeader, SIMPLE_PROXY_BYTES } from './simple-proxy-header.js';

/** A datagram with a Simple Proxy Protocol header before its payload. */
export interface SimpleProxiedDatagram {
  /** The real client. */
  readonly source: Endpoint;
  /** The endpoint that it sent to. */
  readonly destination: Endpoint;
  readonly payload: Uint8Array;
}

/** The datagram as new bytes. Throws a RangeError if an endpoint is none. */
export function encodeSimpleProxiedDatagram({ source, destination, payload }: SimpleProxiedDatagram): Uint8Array {
  const packed = newEndpoints();
  packEndpoint(source, packed.source, 0);
  packEndpoint(destination, packed.destination, 0);
  const bytes = new Uint8Array(SIMPLE_PROXY_BYTES + payload.length);
  bytes.set(payload, encodeSimpleProxyHeader(bytes, 0, packed));
  return bytes;
}

/**
 * Reads a datagram that must begin with a header; the payload is a view of `bytes`. Returns the
 * drop reason if there is none.
 */
export function decodeSimpleProxiedDatagram(bytes: Uint8Array): SimpleProxiedDatagram | DropReason {
  const packed = newEndpoints();
  const payload = decodeSimpleProxyHeader(bytes, 0, bytes.length, packed);
  if (payload < 0) return dropReasonOf(payload);
  return {
    source: unpackEndpoint(packed.source, 0),
    destination: unpackEndpoint(packed.destination, 0),
    payload: bytes.subarray(payload),
  };
}

const newEndpoints = () => ({
  source: new Uint8Array(PACKED_ENDPOINT_BYTES),
  destination: new Uint8Array(PACKED_ENDPOINT_BYTES),
});
