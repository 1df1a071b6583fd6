import { loadSodium, nodePrimitives, type Primitives } from '../src/index.js';

const sodium = loadSodium();
// Where these tests run, both engines are there: one that did not load would be tested by nobody.
if (sodium instanceof Error) throw sodium;

/** Every engine, for `describe.each`. */
export const ENGINES: readonly (readonly [string, Primitives])[] = [
  ['sodium', sodium],
  ['node', nodePrimitives],
];
