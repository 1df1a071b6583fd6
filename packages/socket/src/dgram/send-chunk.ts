/**
 * Datagrams are copied into a chunk before node:dgram sends them, so that the caller may reuse a
 * batch at once. The kernel nearly always takes them within the call, and after the callbacks of
 * this turn the same bytes are used again. If some datagrams still wait when the chunk is full,
 * they keep the chunk, and a new one begins.
 */
const CHUNK_BYTES = 1 << 18;

let chunk = new Uint8Array(CHUNK_BYTES);
let used = 0;
/** The number of copies that node:dgram has not called back for. */
let inUse = 0;
/** The last view. Datagrams often have the same size and place. */
let copy = chunk.subarray(0, 0);
let original: Uint8Array = copy;
let originalBytes: Uint8Array = copy;
let originalOffset = 0;

/** Returns a view of a copy. It is valid until {@link releaseCopy} has been called for it. */
export function copyToSendChunk(bytes: Uint8Array, offset: number, length: number): Uint8Array {
  inUse++;
  if (length > CHUNK_BYTES - used) {
    chunk = new Uint8Array(CHUNK_BYTES);
    used = 0;
    copy = chunk.subarray(0, 0);
  }
  if (bytes !== originalBytes || offset !== originalOffset || length !== original.length) {
    original = bytes.subarray(offset, offset + length);
    originalBytes = bytes;
    originalOffset = offset;
  }
  if (used !== 0 || copy.length !== length) copy = chunk.subarray(used, used + length);
  copy.set(original);
  used += length;
  return copy;
}

/** Releases one copy. */
export function releaseCopy(): void {
  if (--inUse === 0) used = 0;
}
