import { loadPrimitives, loadSodium, loadWasm, nodePrimitives, type Primitives } from '../src/index.js';

const sodium = loadSodium();
const wasm = await loadWasm();
// Where these tests run, all engines are there: one that did not load would be tested by nobody.
if (sodium instanceof Error) throw sodium;
if (wasm instanceof Error) throw wasm;

/** Every engine, for `describe.each`. */
export const ENGINES: readonly (readonly [string, Primitives])[] = [
  ['sodium and wasm', await loadPrimitives()],
  ['sodium', sodium],
  ['wasm', wasm],
  ['node', nodePrimitives],
];
