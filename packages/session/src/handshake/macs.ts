/**
 * mac1 and mac2, which end every handshake message (WireGuard's paper, §5.4.4). mac1 shows that the sender knows the
 * receiver's public key: who does not gets no answer. mac2 shows that it got a cookie at its address: asked for under load.
 */
import { hash, mac, MAC_BYTES } from '../crypto/blake2s.js';
import type { ChannelProtocol } from '../protocol.js';

/** The key of mac1 in messages to the holder of `receiver`. */
export function mac1Key(protocol: ChannelProtocol, receiver: Uint8Array): Uint8Array {
  return hash(Buffer.from(protocol.labelMac1, 'ascii'), receiver);
}

/** The key under which cookies from the holder of `sender` are sealed. */
export function cookieKey(protocol: ChannelProtocol, sender: Uint8Array): Uint8Array {
  return hash(Buffer.from(protocol.labelCookie, 'ascii'), sender);
}

/** Writes mac1 at `bytes[offset + mac1Offset]`, and mac2 after it: zeros if there is no cookie. */
export function writeMacs(
  bytes: Uint8Array,
  offset: number,
  mac1Offset: number,
  key: Uint8Array,
  cookie: Uint8Array | undefined,
): void {
  const at = offset + mac1Offset;
  bytes.set(mac(key, bytes.subarray(offset, at)), at);
  if (cookie === undefined) bytes.fill(0, at + MAC_BYTES, at + 2 * MAC_BYTES);
  else bytes.set(mac(cookie, bytes.subarray(offset, at + MAC_BYTES)), at + MAC_BYTES);
}

/** Whether mac1 at `bytes[offset + mac1Offset]` is right. */
export function isMac1Right(bytes: Uint8Array, offset: number, mac1Offset: number, key: Uint8Array): boolean {
  const at = offset + mac1Offset;
  return equalSecrets(mac(key, bytes.subarray(offset, at)), 0, bytes, at, MAC_BYTES);
}

/** Whether mac2, which follows mac1, is right for this cookie. */
export function isMac2Right(bytes: Uint8Array, offset: number, mac1Offset: number, cookie: Uint8Array): boolean {
  const at = offset + mac1Offset + MAC_BYTES;
  return equalSecrets(mac(cookie, bytes.subarray(offset, at)), 0, bytes, at, MAC_BYTES);
}

/** Compares without a branch on the content, so that the time tells nothing of where they differ. */
export function equalSecrets(a: Uint8Array, aOffset: number, b: Uint8Array, bOffset: number, length: number): boolean {
  let difference = 0;
  for (let index = 0; index < length; index++) difference |= (a[aOffset + index] ?? 256) ^ (b[bOffset + index] ?? 512);
  return difference === 0;
}
