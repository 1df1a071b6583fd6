/** The words of the array that it was asked for last: batches come in the same arrays. */
export class WordsOf {
  #bytes: Uint8Array | undefined = undefined;
  #words: Int32Array | undefined = undefined;

  /** The bytes as words of 4; undefined if they do not begin at a whole word of their buffer. */
  of(bytes: Uint8Array): Int32Array | undefined {
    if (bytes !== this.#bytes) {
      const { buffer, byteOffset, byteLength } = bytes;
      this.#bytes = bytes;
      this.#words = byteOffset % 4 === 0 ? new Int32Array(buffer, byteOffset, byteLength >> 2) : undefined;
    }
    return this.#words;
  }
}
