// What is there where the addon does not load. node-gyp-build is led to other folders.
import { afterAll, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addonFile } from './addon.js';

const folder = mkdtempSync(join(tmpdir(), 'relay-without-addon-'));
process.env['@RELAY/SESSION_PREBUILD'] = folder;
afterAll(() => rmSync(folder, { recursive: true }));
const { defaultPrimitives, loadNative, loadPrimitives } = await import('../../src/index.js');

test('without the addon the other engines do all', async () => {
  const native = loadNative();
  expect(native instanceof Error && native.message).toContain(folder);
  expect((await loadPrimitives()).name).toBe('sodium and wasm');
  expect(defaultPrimitives.name).toBe('sodium');
});

if (addonFile !== undefined) {
  const original = readFileSync(addonFile);

  test('a runtime that lacks a function of OpenSSL refuses to load the addon, and does not end', () => {
    mkdirSync(join(folder, 'build/Release'), { recursive: true });
    // The same addon, which asks for a function that no runtime has.
    const [name, other] = [Buffer.from('EVP_CIPHER_CTX_get_params\0'), Buffer.from('EVP_CIPHER_CTX_got_params\0')];
    const at = original.indexOf(name);
    expect(at).toBeGreaterThan(0);
    const changed = Buffer.from(original);
    changed.set(other, at);
    writeFileSync(join(folder, 'build/Release/relay_session.node'), changed);
    const native = loadNative();
    expect(native instanceof Error && native.message).toContain('undefined symbol: EVP_CIPHER_CTX_got_params');
  });
}
