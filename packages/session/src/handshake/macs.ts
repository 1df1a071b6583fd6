/**
 * mac1 and mac2, which end every handshake message (WireGuard's paper, §5.4.4). mac1 shows that the
 * sender knows the receiver's public key: who does not gets no answer. mac2 shows that it got a
 * cookie at its address: asked for under load.
 */
import type { PacketType } from '@relay/packet';
import { hash, Mac, MAC_BYTES } from '../crypto/blake2s.js';
import type { ChannelProtocol } from '../protocol.js';

/** Type and zeros, with which all messages of one type begin. */
const START_BYTES = 4;

/** mac1 of messages of one type to one receiver. */
export class Mac1 {
  readonly #mac: Mac;

  constructor(protocol: ChannelProtocol, receiver: Uint8Array, type: PacketType) {
    const key = hash(Buffer.from(protocol.labelMac1, 'ascii'), receiver);
    this.#mac = new Mac(key, Uint8Array.of(type, 0, 0, 0));
  }

  /** Of the message that begins at `offset`, type and zeros, and has its mac1 at `mac1Offset`. */
  of(bytes: Uint8Array, offset: number, mac1Offset: number): Uint8Array {
    return this.#mac.of(bytes.subarray(offset + START_BYTES, offset + mac1Offset));
  }

  /** Whether that message has the right one. */
  isRight(bytes: Uint8Array, offset: number, mac1Offset: number): boolean {
    return equalSecrets(this.of(bytes, offset, mac1Offset), 0, bytes, offset + mac1Offset, MAC_BYTES);
  }
}

/** The key under which cookies from the holder of `sender` are sealed. */
export function cookieKey(protocol: ChannelProtocol, sender: Uint8Array): Uint8Array {
  return hash(Buffer.from(protocol.labelCookie, 'ascii'), sender);
}

/**
 * Writes mac1 at `mac1Offset` of a message that begins at 0, and mac2 after it: zeros if there is
 * no cookie.
 */
export function writeMacs(message: Uint8Array, mac1Offset: number, mac1: Mac1, cookie: Uint8Array | undefined): void {
  const mac2Offset = mac1Offset + MAC_BYTES;
  message.set(mac1.of(message, 0, mac1Offset), mac1Offset);
  if (cookie === undefined) message.fill(0, mac2Offset);
  else message.set(new Mac(cookie).of(message.subarray(0, mac2Offset)), mac2Offset);
}

/** Whether mac2, which follows mac1, is right for this cookie. */
export function isMac2Right(bytes: Uint8Array, offset: number, mac1Offset: number, cookie: Uint8Array): boolean {
  const at = offset + mac1Offset + MAC_BYTES;
  return equalSecrets(new Mac(cookie).of(bytes.subarray(offset, at)), 0, bytes, at, MAC_BYTES);
}

/**
 * Compares without a branch on the content, so that the time tells nothing of where they differ.
 */
export function equalSecrets(a: Uint8Array, aOffset: number, b: Uint8Array, bOffset: number, length: number): boolean {
  let difference = 0;
  for (let index = 0; index < length; index++) difference |= (a[aOffset + index] ?? 256) ^ (b[bOffset + index] ?? 512);
  return difference === 0;
}
