import type { DropReason } from '../drop-reason.js';
import { isPort } from '../endpoint/endpoint.js';
import { readU16, writeU16 } from '../integers.js';

/**
 * Body of an answer to publish whose status is not `done`: the port that it is about, 1 to 65,535,
 * or nothing. Throws a RangeError if it is no such port.
 */
export function encodeRefusedPort(port?: number): Uint8Array {
  const bytes = new Uint8Array(port === undefined ? 0 : 2);
  if (port === undefined) return bytes;
  if (port === 0 || !isPort(port)) throw new RangeError(`not a port: ${port}`);
  writeU16(bytes, 0, port);
  return bytes;
}

/** Reads the body that fills `bytes`. Returns the drop reason if it is wrong. */
export function decodeRefusedPort(bytes: Uint8Array): { readonly port?: number } | DropReason {
  if (bytes.length === 0) return {};
  if (bytes.length !== 2) return bytes.length < 2 ? 'truncated' : 'trailing-bytes';
  const port = readU16(bytes, 0);
  return port === 0 ? 'bad-value' : { port };
}
