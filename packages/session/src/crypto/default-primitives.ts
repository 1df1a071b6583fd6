import { WordCipher } from './aead.js';
import { nodePrimitives } from './node.js';
import type { Primitives } from './primitives.js';
import { loadSodium } from './sodium.js';
import { loadWasm } from './wasm.js';

const sodium = loadSodium();

/**
 * The fastest engine that needs no loading: sodium-native where it is installed, otherwise
 * node:crypto.
 */
export const defaultPrimitives: Primitives = sodium instanceof Error ? nodePrimitives : sodium;

/**
 * The fastest that there is here: WebAssembly for small packets and sodium-native for large ones,
 * or whichever of them loads, or node:crypto. A program awaits it once and gives it to its
 * channels.
 */
export async function loadPrimitives(): Promise<Primitives> {
  const wasm = await loadWasm();
  if (wasm instanceof Error) return defaultPrimitives;
  if (sodium instanceof Error) return wasm;
  const bySize = { small: wasm.aead, large: sodium.aead };
  return {
    name: 'sodium and wasm',
    privateKey: (bytes) => sodium.privateKey(bytes),
    cipher: (key) => new WordCipher(bySize, key),
  };
}
