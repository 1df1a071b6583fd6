/**
 * Converts between packed endpoints and the texts of node:dgram. It remembers both, so that the
 * data path does not parse.
 */
import {
  copyPackedEndpoint,
  EndpointMap,
  equalPackedEndpoints,
  packEndpoint,
  PACKED_ENDPOINT_BYTES,
  unpackEndpoint,
} from '@relay/packet';
import { withNamedZone, withNumericZone } from '../zone.js';

/**
 * The number of peers of a busy server. If there are more, this forgets all of them, which costs
 * little.
 */
const MAX_REMEMBERED = 16384;
const OFFSET_PORT = 16;

const packedByText = new Map<string, Uint8Array>();
const textByPacked = { 4: new EndpointMap<string>(), 6: new EndpointMap<string>() };

/** Packs a source, in the form of node:dgram, into the first 24 bytes of `into`. */
export function packSource(address: string, port: number, into: Uint8Array): void {
  const packed = packedByText.get(address) ?? remember(address);
  copyPackedEndpoint(packed, 0, into, 0);
  into[OFFSET_PORT] = port & 0xff;
  into[OFFSET_PORT + 1] = port >> 8;
}

function remember(address: string): Uint8Array {
  if (packedByText.size >= MAX_REMEMBERED) packedByText.clear();
  const packed = new Uint8Array(PACKED_ENDPOINT_BYTES);
  packEndpoint(withNumericZone({ address, port: 0 }), packed, 0);
  packedByText.set(address, packed);
  return packed;
}

const lastPacked = new Uint8Array(PACKED_ENDPOINT_BYTES);
let lastFamily: 4 | 6 = 4;
let lastText: string | undefined;

/**
 * Returns the address of a packed endpoint in the form that a node:dgram socket of this family
 * takes.
 */
export function destinationText(destinations: Uint8Array, offset: number, family: 4 | 6): string {
  if (lastText !== undefined && family === lastFamily && equalPackedEndpoints(destinations, offset, lastPacked, 0))
    return lastText;
  const known = textByPacked[family];
  let text = known.get(destinations, offset);
  if (text === undefined) {
    const { address } = unpackEndpoint(destinations, offset);
    text = family === 6 && !address.includes(':') ? `::ffff:${address}` : withNamedZone(address);
    if (known.size >= MAX_REMEMBERED) known.clear();
    known.set(destinations, offset, text);
  }
  copyPackedEndpoint(destinations, offset, lastPacked, 0);
  lastFamily = family;
  lastText = text;
  return text;
}
