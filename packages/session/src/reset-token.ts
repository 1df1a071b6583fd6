/**
 * Stateless reset, after RFC 9000 §10.3: what a server that has forgotten a session answers to its packets, so that the client
 * need not wait for a timeout. The token of an index is known to the server, which computes it from a secret that survives
 * restarts, and to the client, which was told inside the session.
 */
import { mac, MAC_BYTES } from './crypto/blake2s.js';

/** Bytes of a token. */
export const RESET_TOKEN_BYTES = MAC_BYTES;

/** The token of a session index under the server's secret of 32 bytes. */
export function resetTokenOf(secret: Uint8Array, index: number): Uint8Array {
  const message = new Uint8Array(4);
  new DataView(message.buffer).setUint32(0, index, true);
  return mac(secret, message);
}
