/**
 * The engine that is always there: node:crypto, with key objects made once, since a raw key costs
 * several times more.
 */
import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  type KeyObject,
} from 'node:crypto';
import { NONCE_BYTES, TAG_BYTES, writeNonce, type Cipher, type Primitives, type PrivateKey } from './primitives.js';

export const nodePrimitives: Primitives = {
  name: 'node',
  privateKey: (bytes) => new NodePrivateKey(bytes),
  cipher: (key) => new NodeCipher(key),
};

const ALGORITHM = 'chacha20-poly1305';
const OPTIONS = { authTagLength: TAG_BYTES };
/**
 * What precedes the 32 bytes of an X25519 key in PKCS #8 and in SubjectPublicKeyInfo (RFC 8410 §4,
 * §7).
 */
const PKCS8_HEADER = Buffer.from('302e020100300506032b656e04220420', 'hex');
const SPKI_HEADER = Buffer.from('302a300506032b656e032100', 'hex');

class NodePrivateKey implements PrivateKey {
  readonly publicKey: Uint8Array;
  #key: KeyObject | undefined;

  constructor(bytes: Uint8Array) {
    const encoded = Buffer.concat([PKCS8_HEADER, bytes]);
    this.#key = createPrivateKey({ key: encoded, format: 'der', type: 'pkcs8' });
    encoded.fill(0);
    const publicKey = createPublicKey(this.#key).export({ format: 'der', type: 'spki' });
    this.publicKey = Uint8Array.from(publicKey.subarray(SPKI_HEADER.length));
  }

  agree(peerPublicKey: Uint8Array): Uint8Array | undefined {
    if (this.#key === undefined) throw new Error('the private key was wiped');
    const encoded = Buffer.concat([SPKI_HEADER, peerPublicKey]);
    const publicKey = createPublicKey({ key: encoded, format: 'der', type: 'spki' });
    try {
      return diffieHellman({ privateKey: this.#key, publicKey });
    } catch {
      // OpenSSL refuses to derive an all-zero secret, which only points of low order give (RFC 7748
      // §6.1).
      return undefined;
    }
  }

  wipe(): void {
    this.#key = undefined;
  }
}

const nonce = new Uint8Array(NONCE_BYTES);

class NodeCipher implements Cipher {
  #key: KeyObject | undefined;

  constructor(key: Uint8Array) {
    this.#key = createSecretKey(key);
  }

  seal(bytes: Uint8Array, offset: number, length: number, counter: number, additional?: Uint8Array): void {
    if (this.#key === undefined) throw new Error('the key was wiped');
    writeNonce(nonce, counter);
    const cipher = createCipheriv(ALGORITHM, this.#key, nonce, OPTIONS);
    if (additional !== undefined) cipher.setAAD(additional, { plaintextLength: length });
    if (length > 0) bytes.set(cipher.update(bytes.subarray(offset, offset + length)), offset);
    cipher.final();
    bytes.set(cipher.getAuthTag(), offset + length);
  }

  open(bytes: Uint8Array, offset: number, length: number, counter: number, additional?: Uint8Array): boolean {
    if (this.#key === undefined) throw new Error('the key was wiped');
    writeNonce(nonce, counter);
    const decipher = createDecipheriv(ALGORITHM, this.#key, nonce, OPTIONS);
    if (additional !== undefined) decipher.setAAD(additional, { plaintextLength: length });
    decipher.setAuthTag(bytes.subarray(offset + length, offset + length + TAG_BYTES));
    const plaintext = length > 0 ? decipher.update(bytes.subarray(offset, offset + length)) : undefined;
    try {
      decipher.final();
    } catch {
      return false;
    }
    if (plaintext !== undefined) bytes.set(plaintext, offset);
    return true;
  }

  wipe(): void {
    this.#key = undefined;
  }
}
