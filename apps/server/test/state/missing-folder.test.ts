import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { formatKey, generateKeyPair } from '@relay/session';
import { addClient } from '../../src/state/client-store.js';
import { replaceFile } from '../../src/state/atomic-file.js';
import { temporaryFolder } from '../temporary-folder.js';

const folder = temporaryFolder();

describe('a folder that is gone', () => {
  test('is what the failure to add a client is about, not the file beside it', () => {
    const record = {
      name: 'ada',
      publicKey: formatKey(generateKeyPair().publicKey),
      allow: [],
      createdAt: '2026-01-01T00:00:00.000Z',
    };
    const failed = expect.objectContaining({ code: 'ENOENT', syscall: 'open' });
    expect(() => addClient(join(folder, 'missing'), record)).toThrow(failed);
  });

  test('is what the failure to replace a file is about', () => {
    const failed = expect.objectContaining({ code: 'ENOENT', syscall: 'open' });
    expect(() => replaceFile(join(folder, 'missing', 'file'), 'x')).toThrow(failed);
  });

  test('is not needed to fail: a file that cannot be put in place leaves none beside it', () => {
    const taken = join(folder, 'taken');
    mkdirSync(taken);
    mkdirSync(join(taken, 'full'));
    expect(() => replaceFile(join(taken, 'full'), 'x')).toThrow();
    expect(readdirSync(taken)).toEqual(['full']);
  });
});
