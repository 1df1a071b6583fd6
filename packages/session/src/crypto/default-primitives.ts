import { loadNative } from './native.js';
import { nodePrimitives } from './node.js';
import type { Primitives } from './primitives.js';
import { loadSodiumAndWasm } from './sodium-and-wasm.js';
import { loadSodium } from './sodium.js';

const native = loadNative();

/**
 * The fastest engine that needs no waiting: our addon where it loads, otherwise sodium-native where
 * that is installed, otherwise node:crypto.
 */
export const defaultPrimitives: Primitives = native instanceof Error ? withoutAddon() : native;

/**
 * The fastest that there is here: our addon, or what {@link loadSodiumAndWasm} finds. A program
 * awaits it once and gives it to its channels.
 */
export async function loadPrimitives(): Promise<Primitives> {
  return native instanceof Error ? loadSodiumAndWasm() : native;
}

function withoutAddon(): Primitives {
  const sodium = loadSodium();
  return sodium instanceof Error ? nodePrimitives : sodium;
}
