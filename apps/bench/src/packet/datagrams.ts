/**
 * The same datagrams for all contenders. Their endpoints and payloads differ, so that a cache of
 * one value wins nothing.
 */
import type { UdpPacketInit } from '@relay/packet';

export type Datagram = Required<UdpPacketInit> & { readonly timestampMs: number };

const DATAGRAMS = 256;

export const datagrams: readonly Datagram[] = Array.from({ length: DATAGRAMS }, (_, i) => ({
  source: { address: `10.${i}.${(i * 7) % 256}.${(i * 31) % 256}`, port: 50_000 + i },
  destination: { address: `198.51.100.${i}`, port: 27_000 + i },
  payload: Uint8Array.from({ length: 100 + (i % 100) }, (_byte, at) => (at * 7 + i) & 0xff),
  timestampMs: 1_700_000_000_000 + i / 4,
}));

/** Returns the same text for the same meaning. */
export function meaning({ source, destination, payload, timestampMs }: Datagram): string {
  const hex = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('hex');
  return `${source.address} ${source.port} ${destination.address} ${destination.port} ${timestampMs} ${hex}`;
}
