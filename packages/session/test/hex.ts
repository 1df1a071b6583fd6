/** Bytes of a hexadecimal text. */
export function unhex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'hex'));
}

/** Bytes as a hexadecimal text. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
