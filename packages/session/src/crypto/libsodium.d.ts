/**
 * What is used of the package `libsodium`, which brings no types: libsodium as emscripten compiled
 * it. Pointers are offsets into `HEAPU8`; each 64-bit length is two numbers, the lower half first.
 */
declare module 'libsodium' {
  export interface Libsodium {
    readonly HEAPU8: Uint8Array<ArrayBuffer>;
    _malloc(bytes: number): number;
    _crypto_aead_chacha20poly1305_ietf_encrypt(
      ciphertext: number,
      ciphertextLength: number,
      message: number,
      messageLength: number,
      messageLengthHigh: number,
      additional: number,
      additionalLength: number,
      additionalLengthHigh: number,
      secretNonce: number,
      nonce: number,
      key: number,
    ): number;
    _crypto_aead_chacha20poly1305_ietf_decrypt(
      message: number,
      messageLength: number,
      secretNonce: number,
      ciphertext: number,
      ciphertextLength: number,
      ciphertextLengthHigh: number,
      additional: number,
      additionalLength: number,
      additionalLengthHigh: number,
      nonce: number,
      key: number,
    ): number;
  }
  /** Makes an instance with memory of its own. */
  export default function instantiate(): Promise<Libsodium>;
}
