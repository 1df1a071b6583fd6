import { existsSync } from 'node:fs';
import { loadNative, loadSodium, loadSodiumAndWasm, loadWasm, nodePrimitives, type Primitives } from '../src/index.js';

const native = loadNative();
const sodium = loadSodium();
const wasm = await loadWasm();
// Where these tests run, all engines are there: one that did not load would be tested by nobody.
// Only the addon may be missing: where there is no compiler it was not built.
if (native instanceof Error && existsSync(new URL('../build/Release/relay_session.node', import.meta.url)))
  throw native;
if (sodium instanceof Error) throw sodium;
if (wasm instanceof Error) throw wasm;

/** Every engine, for `describe.each`. */
export const ENGINES: readonly (readonly [string, Primitives])[] = [
  ...(native instanceof Error ? [] : [['native', native] as const]),
  ['sodium and wasm', await loadSodiumAndWasm()],
  ['sodium', sodium],
  ['wasm', wasm],
  ['node', nodePrimitives],
];
