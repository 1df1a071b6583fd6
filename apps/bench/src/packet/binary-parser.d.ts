// binary-parser 2.3 ships types, but its `exports` hide them from an ESM importer.
declare module 'binary-parser' {
  export class Parser {
    endianness(endianness: 'little' | 'big'): this;
    uint8(name: string, options?: { assert?: number }): this;
    uint16(name: string): this;
    uint64(name: string): this;
    array(name: string, options: { type: string; length: number }): this;
    buffer(name: string, options: { length: string }): this;
    parse(bytes: Uint8Array): unknown;
  }
}
