/**
 * TAI64N timestamps (https://cr.yp.to/libtai/tai64.html): 8 bytes of seconds with 2^62 for 1970, 4
 * of nanoseconds, big-endian, so that they compare as bytes, or as 96-bit numbers as here. They
 * only have to grow; that they are times lets a client that kept nothing go on where it was.
 */

/** Bytes of a timestamp. */
export const TIMESTAMP_BYTES = 12;

/** The timestamp of a wall time, ms since 1970, leap seconds left out as everybody does. */
export function timestampOf(wallMs: number): bigint {
  const seconds = Math.floor(wallMs / 1000);
  const nanoseconds = Math.floor((wallMs - seconds * 1000) * 1e6);
  return ((EPOCH + BigInt(seconds)) << 32n) | BigInt(nanoseconds);
}

/** The wall time of a timestamp, ms since 1970. */
export function wallMsOf(timestamp: bigint): number {
  return Number((timestamp >> 32n) - EPOCH) * 1000 + Number(timestamp & 0xffff_ffffn) / 1e6;
}

export function writeTimestamp(timestamp: bigint): Uint8Array {
  const bytes = new Uint8Array(TIMESTAMP_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, timestamp >> 32n);
  view.setUint32(8, Number(timestamp & 0xffff_ffffn));
  return bytes;
}

export function readTimestamp(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, TIMESTAMP_BYTES);
  return (view.getBigUint64(0) << 32n) | BigInt(view.getUint32(8));
}

const EPOCH = 2n ** 62n;
