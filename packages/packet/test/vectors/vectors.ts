/** Files of vectors, and what it means that one passes. Runs in any runtime. */
import type { UdpPacket } from '../../src/index.js';
import { CODECS } from './codecs.js';

export interface VectorFile {
  readonly about: string;
  readonly source: string;
  readonly accepted: readonly ValueVector[];
  /** Decoded to the value, which is encoded otherwise. */
  readonly tolerated: readonly ValueVector[];
  readonly refused: readonly { readonly name: string; readonly hex: string; readonly reason: string }[];
}

interface ValueVector {
  readonly name: string;
  readonly hex: string;
  readonly value: unknown;
}

/** One vector: what it is called, and what is wrong with how the package treats it, if anything. */
export interface VectorResult {
  readonly name: string;
  readonly problem: string | undefined;
}

export function* checkVectors(fileName: string, file: VectorFile): Generator<VectorResult> {
  const codec = CODECS[fileName];
  if (codec === undefined) throw new Error(`nobody knows how to read ${fileName}`);
  for (const { name, hex, value } of file.accepted) {
    const decoded = text(codec.decode(bytesOf(hex)));
    const encoded = hexOf(codec.encode(withBytes(value)));
    const problems = [
      ...(decoded === text(value) ? [] : [`decoded as ${decoded}, not ${text(value)}`]),
      ...(encoded === hex ? [] : [`encoded as ${encoded}, not ${hex}`]),
    ];
    yield { name: `${fileName}: ${name}`, problem: problems.join('; ') || undefined };
  }
  for (const { name, hex, value } of file.tolerated) {
    const decoded = text(codec.decode(bytesOf(hex)));
    const problem = decoded === text(value) ? undefined : `decoded as ${decoded}, not ${text(value)}`;
    yield { name: `${fileName}: ${name} is tolerated`, problem };
  }
  for (const { name, hex, reason } of file.refused) {
    const decoded = codec.decode(bytesOf(hex));
    const problem = decoded === reason ? undefined : `decoded as ${text(decoded)}, not ${reason}`;
    yield { name: `${fileName}: ${name} is refused: ${reason}`, problem };
  }
}

export function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * One text for equal values: keys in order, bytes as hexadecimal, what is undefined left out or
 * null.
 */
export function text(value: unknown): string {
  if (value instanceof Uint8Array) return `{hex:${hexOf(value)}}`;
  if (Array.isArray(value)) return `[${value.map(text).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(fieldsOf(value)).filter(([, field]) => field !== undefined && field !== null);
  const sorted = fields.sort(([a], [b]) => (a < b ? -1 : 1));
  if (sorted.length === 1 && sorted[0]?.[0] === 'hex') return `{hex:${String(sorted[0][1])}}`;
  return `{${sorted.map(([key, field]) => `${key}:${text(field)}`).join()}}`;
}

/** A UdpPacket has getters where other values have fields. */
function fieldsOf(value: object): object {
  if (!('source' in value && 'serialize' in value)) return value;
  const { source, destination, payload, timestampMs } = value as UdpPacket;
  return { source, destination, payload, timestampMs };
}

function withBytes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withBytes);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value);
  if (fields.length === 1 && fields[0]?.[0] === 'hex') return bytesOf(String(fields[0][1]));
  return Object.fromEntries(fields.map(([key, field]) => [key, withBytes(field)]));
}
