/**
 * Where datagrams are copied before node:dgram sends them, so that the caller may reuse a batch at once. Nearly always the
 * kernel has taken them when the call returns, and the same bytes serve again; where it has not, the chunk is left to libuv and a new one begun.
 */
const CHUNK_BYTES = 1 << 18;

let chunk = new Uint8Array(CHUNK_BYTES);
let used = 0;

/** A view of a copy; valid until {@link rewindSendChunk}. */
export function copyToSendChunk(bytes: Uint8Array, offset: number, length: number): Uint8Array {
  if (length > CHUNK_BYTES - used) abandonSendChunk();
  if (length > CHUNK_BYTES) return bytes.slice(offset, offset + length);
  const copy = chunk.subarray(used, used + length);
  copy.set(bytes.subarray(offset, offset + length));
  used += length;
  return copy;
}

/** All copies have been sent. */
export function rewindSendChunk(): void {
  used = 0;
}

/** Some copies are still in use by libuv, which keeps them alive. */
export function abandonSendChunk(): void {
  chunk = new Uint8Array(CHUNK_BYTES);
  used = 0;
}
