/** What the kernel dropped at sockets of node:dgram, as Linux lists it for all UDP sockets. */
import { readFile } from 'node:fs/promises';
import { endianness } from 'node:os';
import { packEndpoint, PACKED_ENDPOINT_BYTES, type Endpoint } from '@relay/packet';
import { withNumericZone } from '../zone.js';

/** The lists of the UDP sockets in this network namespace. */
const LISTS = { 4: '/proc/net/udp', 6: '/proc/net/udp6' } as const;
/** The least time between two readings, ms. */
const READ_EVERY_MS = 2000;
/** A reading that takes long, with many sockets, is followed by so many times as long a rest. */
const REST_FACTOR = 20;
/** A busy machine makes a reading long too: this is the longest rest, ms. */
const MAX_REST_MS = 30_000;

/** The drops at one socket. */
export interface WatchedDrops {
  /** As many as were read last; undefined: the list cannot be read. */
  readonly datagrams: number | undefined;
  /** The socket is closed. */
  end(): void;
}

interface Watched {
  datagrams: number;
  readonly report: (datagrams: number) => void;
}

const IS_LINUX = process.platform === 'linux';

/** The open sockets, by family and by their local endpoints as the kernel writes them. */
const watched = { 4: new Map<string, Watched>(), 6: new Map<string, Watched>() };
let isReadable = IS_LINUX;
let isReading = false;
let nextReadMs = -Infinity;

/**
 * Watches the socket at this local endpoint, which has it alone. `report` gets the number of all
 * its drops when that has grown.
 */
export function watchKernelDrops(
  local: Endpoint,
  family: 4 | 6,
  report: (datagrams: number) => void,
): WatchedDrops | undefined {
  const key = keyOf(local, family);
  const sockets = watched[family];
  if (!IS_LINUX || sockets.has(key)) return undefined; // two zones may have the same address
  const entry: Watched = { datagrams: 0, report };
  sockets.set(key, entry);
  return {
    get datagrams() {
      return isReadable ? entry.datagrams : undefined;
    },
    end: () => void sockets.delete(key),
  };
}

/** Begins to read the lists, unless they have just been read. */
export function readKernelDrops(): void {
  const isIdle = watched[4].size + watched[6].size === 0;
  if (!IS_LINUX || isIdle || isReading || performance.now() < nextReadMs) return;
  isReading = true;
  const startMs = performance.now();
  const done = (isDone: boolean): void => {
    isReading = false;
    isReadable = isDone;
    const nowMs = performance.now();
    nextReadMs = nowMs + Math.min(MAX_REST_MS, Math.max(READ_EVERY_MS, REST_FACTOR * (nowMs - startMs)));
  };
  Promise.all([read(4), read(6)]).then(
    () => done(true),
    () => done(false), // no descriptor is left, or /proc is not there
  );
}

async function read(family: 4 | 6): Promise<void> {
  const sockets = watched[family];
  if (sockets.size === 0) return;
  const list = await readFile(LISTS[family], 'latin1');
  for (const line of list.split('\n')) {
    // "  12: 0100007F:1F90 00000000:0000 07 … DROPS": its number, its local endpoint, and the rest
    const start = line.indexOf(': ') + 2;
    const socket = sockets.get(line.slice(start, line.indexOf(' ', start)));
    if (socket === undefined) continue;
    const drops = Number(line.trimEnd().split(' ').at(-1));
    if (!(drops > socket.datagrams)) continue;
    socket.datagrams = drops;
    socket.report(drops);
  }
}

const ADDRESS_BYTES = 16;
const OFFSET_IPV4 = 12;
const WORD_BYTES = 4;

/** The local endpoint as the kernel writes it: words in this host's byte order, and the port. */
function keyOf({ address, port }: Endpoint, family: 4 | 6): string {
  const packed = Buffer.alloc(PACKED_ENDPOINT_BYTES);
  packEndpoint(withNumericZone({ address, port }), packed, 0);
  let words = '';
  for (let at = family === 4 ? OFFSET_IPV4 : 0; at < ADDRESS_BYTES; at += WORD_BYTES) {
    const word = endianness() === 'LE' ? packed.readUInt32LE(at) : packed.readUInt32BE(at);
    words += word.toString(16).padStart(2 * WORD_BYTES, '0');
  }
  return `${words}:${port.toString(16).padStart(4, '0')}`.toUpperCase();
}
