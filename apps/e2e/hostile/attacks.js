/** What a hostile client sends: each attack is a packet, and how many of them go in a second. */
import {
  COMPACT_HEADER_BYTES,
  encodeAddressedHeader,
  encodeCompactHeader,
  encodeFragmentHeader,
  encodeParameters,
  encodePing,
  encodeRequest,
  FRAME,
  SessionParameters,
} from '@relay/packet';
import { packed } from './channel.js';

const TOKEN = new Uint8Array(8);
const NOTHING = new Uint8Array(0);
/** The bit of a frame's type that says that its length follows. */
const SIZED = 0x80;
const MOST_SOURCES = 60_000;

const sourceOf = (number) => ({ address: '127.0.0.1', port: 1 + (number % MOST_SOURCES) });

/** Writes frames one behind another. */
function several(count, write) {
  return (bytes, at) => {
    let end = at;
    for (let number = 0; number < count; number++) end = write(bytes, end, number);
    return end;
  };
}

/** A frame with its length, so that others may follow: `write` writes it as a packet's last one. */
function sized(bytes, at, write) {
  const end = write(bytes, at + 2);
  const body = at + 3;
  bytes[at] = bytes[at + 2] | SIZED;
  bytes[at + 1] = (end - body) & 0xff;
  bytes[at + 2] = (end - body) >> 8;
  return end;
}

const opening = (id, target, number) => (bytes, at) =>
  encodeAddressedHeader(bytes, at, id, { source: packed(sourceOf(number)), destination: packed(target) }, 0);

/**
 * By name: `write(number, target)` returns what writes packet `number`; `perSecond` of them go out;
 * `cost` of them in a second when the time of one is taken.
 */
export const ATTACKS = {
  'one datagram': {
    perSecond: 64_000,
    cost: 1000,
    write: () => (bytes, at) => encodeCompactHeader(bytes, at, 2) + 200,
  },
  '72 pings': {
    perSecond: 37_000,
    cost: 300,
    write: () => several(70, (bytes, at) => encodePing(bytes, at, TOKEN, 0, 1)),
  },
  '190 empty datagrams': {
    perSecond: 37_000,
    cost: 300,
    write: () => several(170, (bytes, at) => sized(bytes, at, (to, start) => encodeCompactHeader(to, start, 2))),
  },
  '160 requests': {
    perSecond: 37_000,
    cost: 100,
    write: (number) =>
      several(160, (bytes, at, k) => encodeRequest(bytes, at, (1 + number * 160 + k) >>> 0, 99, NOTHING)),
  },
  '110 parameters': {
    perSecond: 500,
    cost: 100,
    write: () => several(110, (bytes, at) => encodeParameters(bytes, at, new SessionParameters())),
  },
  '50 openings, one flow, other sources': {
    perSecond: 250,
    cost: 100,
    write: (number, target) => several(50, (bytes, at, k) => sized(bytes, at, opening(6, target, number * 50 + k))),
  },
  '1 opening, one flow, another source': {
    perSecond: 49_000,
    cost: 300,
    write: (number, target) => opening(4, target, number),
  },
  'new flows beyond the limit': {
    perSecond: 60_000,
    cost: 300,
    write: (number, target) => opening(2 * (10 + number), target, number),
  },
  '150 datagrams of unknown flows': {
    perSecond: 37_000,
    cost: 100,
    write: (number) =>
      several(150, (bytes, at, k) =>
        sized(bytes, at, (to, start) => encodeCompactHeader(to, start, 2 * (1_000_000 + number * 150 + k))),
      ),
  },
  '97 pieces of different datagrams': {
    perSecond: 37_000,
    cost: 100,
    write: (number) => several(90, (bytes, at, k) => smallPiece(bytes, at, (number * 90 + k) >>> 0)),
  },
  'first pieces of 65,000 bytes': {
    perSecond: 27_000,
    cost: 300,
    write: (number) => (bytes, at) =>
      encodeFragmentHeader(bytes, at, { id: number >>> 0, total: 65_000, index: 0, count: 60 }) + 1084,
  },
};

/** The first piece, of one byte, of a datagram of as many pieces as there may be. */
function smallPiece(bytes, at, id) {
  return sized(bytes, at, (to, start) => {
    const end = encodeFragmentHeader(to, start, { id, total: 255, index: 0, count: 255 }) + 1;
    if (to[start] !== FRAME.fragment || COMPACT_HEADER_BYTES > end) throw new Error('not a fragment');
    return end;
  });
}
