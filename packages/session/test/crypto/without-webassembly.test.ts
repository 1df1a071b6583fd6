import { expect, test } from '@jest/globals';
import { loadSodiumAndWasm, loadWasm } from '../../src/index.js';

test('where code may not be compiled to WebAssembly the other engines do all', async () => {
  Reflect.deleteProperty(globalThis, 'WebAssembly');
  const wasm = await loadWasm();
  expect(wasm instanceof Error && wasm.message).toContain('WebAssembly');
  expect((await loadSodiumAndWasm()).name).toBe('sodium');
});
