/**
 * A path in 48 bytes: the packed endpoint of the peer, and behind it the packed endpoint of this
 * side to which the peer sends (the port does not count; all zeros: the system chooses). A packet's
 * source is such a path, and so is the destination of what answers it, so that a host with several
 * addresses answers from the one that was asked (RFC 9000 §9 counts both ends to a path as well).
 */
import {
  copyPackedEndpoint,
  equalPackedEndpoints,
  packEndpoint,
  PACKED_ENDPOINT_BYTES,
  type DatagramBatch,
  type Endpoint,
} from '@relay/packet';

export const PACKED_PATH_BYTES = 2 * PACKED_ENDPOINT_BYTES;
/** Where the endpoint of this side begins. */
export const OFFSET_PATH_LOCAL = PACKED_ENDPOINT_BYTES;

/**
 * Packs a path into an array of its own; without `local` this side's address is left to the system.
 * Throws as `packEndpoint` does.
 */
export function packPath(peer: Endpoint, local?: Endpoint): Uint8Array {
  const path = new Uint8Array(PACKED_PATH_BYTES);
  packEndpoint(peer, path, 0);
  if (local !== undefined) packEndpoint(local, path, OFFSET_PATH_LOCAL);
  return path;
}

/** Copies a packed path. Allocates nothing. */
export function copyPackedPath(from: Uint8Array, fromOffset: number, to: Uint8Array, toOffset: number): void {
  copyPackedEndpoint(from, fromOffset, to, toOffset);
  copyPackedEndpoint(from, fromOffset + OFFSET_PATH_LOCAL, to, toOffset + OFFSET_PATH_LOCAL);
}

/** Whether two packed paths are the same. Allocates nothing. */
export function equalPackedPaths(a: Uint8Array, aOffset: number, b: Uint8Array, bOffset: number): boolean {
  return (
    equalPackedEndpoints(a, aOffset, b, bOffset) &&
    equalPackedEndpoints(a, aOffset + OFFSET_PATH_LOCAL, b, bOffset + OFFSET_PATH_LOCAL)
  );
}

/** Writes the path that datagram `i` of a batch came on into `path[0 .. 48]`. Allocates nothing. */
export function copyReceivedPath({ sources, locals }: DatagramBatch, i: number, path: Uint8Array): void {
  const at = i * PACKED_ENDPOINT_BYTES;
  copyPackedEndpoint(sources, at, path, 0);
  copyPackedEndpoint(locals, at, path, OFFSET_PATH_LOCAL);
}

/** Whether datagram `i` of a batch came on the packed path at `path[0]`. Allocates nothing. */
export function cameOnPath({ sources, locals }: DatagramBatch, i: number, path: Uint8Array): boolean {
  const at = i * PACKED_ENDPOINT_BYTES;
  return equalPackedEndpoints(sources, at, path, 0) && equalPackedEndpoints(locals, at, path, OFFSET_PATH_LOCAL);
}
