import { nodePrimitives } from './node.js';
import { TAG_BYTES, type Primitives } from './primitives.js';

/**
 * Throws if an engine does not seal and open as node:crypto does: its library or the runtime takes
 * arguments otherwise than we do.
 */
export function assertAgrees(primitives: Primitives): void {
  const key = Uint8Array.from({ length: 32 }, (_, index) => index);
  const [text, additional] = [key.subarray(0, 20), key.subarray(20)];
  const [ours, theirs] = [primitives, nodePrimitives].map((engine) => {
    const bytes = new Uint8Array(text.length + TAG_BYTES);
    bytes.set(text);
    engine.cipher(key).seal(bytes, 0, text.length, 1, additional);
    return bytes;
  });
  const agrees =
    ours !== undefined &&
    theirs !== undefined &&
    Buffer.compare(ours, theirs) === 0 &&
    primitives.cipher(key).open(ours, 0, text.length, 1, additional) &&
    Buffer.compare(ours.subarray(0, text.length), text) === 0;
  if (!agrees) throw new Error(`the engine ${primitives.name} seals otherwise than node:crypto`);
}
