import { WordCipher } from './aead.js';
import { nodePrimitives } from './node.js';
import type { Primitives } from './primitives.js';
import { loadSodium } from './sodium.js';
import { loadWasm } from './wasm.js';

/**
 * The fastest without the addon: WebAssembly for small packets and sodium-native for large ones, or
 * whichever of them loads, or node:crypto.
 */
export async function loadSodiumAndWasm(): Promise<Primitives> {
  const sodium = loadSodium();
  const wasm = await loadWasm();
  if (wasm instanceof Error) return sodium instanceof Error ? nodePrimitives : sodium;
  if (sodium instanceof Error) return wasm;
  const bySize = { small: wasm.aead, large: sodium.aead };
  return {
    name: 'sodium and wasm',
    privateKey: (bytes) => sodium.privateKey(bytes),
    cipher: (key) => new WordCipher(bySize, key),
  };
}
