import { PACKED_ENDPOINT_BYTES, packEndpoint, unpackEndpoint, type Endpoint } from '@relay/packet';
import type {
  ReceiveBatch,
  ReceivedDatagram,
  SendBatch,
  SocketError,
  SocketErrorCode,
  UdpSocket,
} from '../src/index.js';

export const LOCALHOST: Endpoint = { address: '127.0.0.1', port: 0 };

/** Resolves to copies of the next `count` datagrams. `seen` gets each batch as it comes. */
export function received(
  socket: UdpSocket,
  count: number,
  seen: (batch: ReceiveBatch) => void = () => undefined,
): Promise<ReceivedDatagram[]> {
  const datagrams: ReceivedDatagram[] = [];
  return new Promise((resolve) => {
    socket.onReceive = (batch) => {
      for (let i = 0; i < batch.count; i++) datagrams.push(copyOf(batch, i));
      seen(batch);
      if (datagrams.length >= count) resolve(datagrams);
    };
  });
}

/** Returns a copy of datagram `i` of a batch. */
export function copyOf({ bytes, offsets, lengths, sources }: ReceiveBatch, i: number): ReceivedDatagram {
  const offset = offsets[i] ?? 0;
  return {
    bytes: bytes.slice(offset, offset + (lengths[i] ?? 0)),
    source: unpackEndpoint(sources, i * PACKED_ENDPOINT_BYTES),
  };
}

/** Resolves to the next reported error. */
export function reported(socket: UdpSocket): Promise<{ error: SocketError; destination: Endpoint | undefined }> {
  return new Promise((resolve) => {
    socket.onError = (error, destination) => resolve({ error, destination });
  });
}

/** A group of datagrams that a socket took and lost: with one tag, for one reason. */
export interface Loss {
  readonly tag: number;
  readonly datagrams: number;
  readonly code: SocketErrorCode;
  readonly port: number | undefined;
}

/** Returns the list of all losses that the socket reports from now on. */
export function losses(socket: UdpSocket): Loss[] {
  const list: Loss[] = [];
  socket.onError = ({ code, datagrams }, destination, tag) => {
    if (datagrams > 0) list.push({ tag, datagrams, code, port: destination?.port });
  };
  return list;
}

/** Returns a tag for each datagram of the losses, in ascending order. */
export function lostTags(list: readonly Loss[]): number[] {
  return list.flatMap(({ tag, datagrams }) => Array<number>(datagrams).fill(tag)).sort((a, b) => a - b);
}

/** Makes a batch of these datagrams, one behind the other, with some unused bytes between them. */
export function batchOf(datagrams: readonly Uint8Array[], destinations?: readonly Endpoint[], gap = 3): SendBatch {
  const bytes = new Uint8Array(datagrams.reduce((sum, { length }) => sum + length + gap, 0));
  const offsets = new Uint32Array(datagrams.length);
  let end = 0;
  for (const [i, datagram] of datagrams.entries()) {
    offsets[i] = end;
    bytes.set(datagram, end);
    end += datagram.length + gap;
  }
  const batch = {
    bytes,
    count: datagrams.length,
    offsets,
    lengths: Uint32Array.from(datagrams, ({ length }) => length),
  };
  if (destinations === undefined) return batch;
  const packed = new Uint8Array(destinations.length * PACKED_ENDPOINT_BYTES);
  for (const [i, destination] of destinations.entries()) packEndpoint(destination, packed, i * PACKED_ENDPOINT_BYTES);
  return { ...batch, destinations: packed };
}

/** Returns the payloads in a form that is quickly compared. */
export function payloads(datagrams: readonly ({ readonly bytes: Uint8Array } | Uint8Array)[]): string[] {
  return datagrams.map((datagram) => Buffer.from('bytes' in datagram ? datagram.bytes : datagram).toString('base64'));
}

/** Makes a datagram whose bytes show its number and size. */
export function numbered(number: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (number * 31 + length * 7 + i * 13) & 0xff);
}
