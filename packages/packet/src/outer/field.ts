/** Writes a field that fills `start` to `end`. Throws a RangeError if it is not of that length. */
export function writeField(bytes: Uint8Array, start: number, end: number, field: Uint8Array): void {
  if (field.length !== end - start)
    throw new RangeError(`a field of ${field.length} bytes where ${end - start} belong`);
  bytes.set(field, start);
}
