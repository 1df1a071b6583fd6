import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { formatKey } from '@relay/session';
import { ClientFiles } from '../../src/state/client-files.js';
import { addClient, removeClient } from '../../src/state/client-store.js';
import type { FileTrouble } from '../../src/state/line-file.js';
import type { StateFolder } from '../../src/state/state-folder.js';
import { newState, NOTHING, noTrouble, publicKey, read, record } from '../support/client-state.js';
import { reload } from '../support/reload.js';

describe('the newest timestamps', () => {
  const recorded = (state: StateFolder, timestamp: bigint, trouble: FileTrouble = noTrouble): ClientFiles => {
    const files = new ClientFiles(state.path, trouble);
    reload(files);
    files.recordTimestamp(publicKey, timestamp);
    return files;
  };
  const timestampIn = (files: ClientFiles): bigint | undefined => files.all().changed[0]?.newestTimestamp;
  const afterRestart = (state: StateFolder): bigint | undefined => timestampIn(read(state));

  test('are known at once, survive a restart, and lie in a file of the owner', () => {
    const state = newState();
    addClient(state.path, record('ada'));
    const timestamp = (1n << 96n) - 1n;
    const files = recorded(state, timestamp);
    expect(timestampIn(files)).toBe(timestamp);
    files.close();
    expect(afterRestart(state)).toBe(timestamp);
    expect(statSync(join(state.path, 'newest-timestamps')).mode & 0o777).toBe(0o600);
  });

  test('are no reason to bring a client again', () => {
    const state = newState();
    addClient(state.path, record('ada'));
    const files = recorded(state, 5n);
    expect(reload(files)).toEqual(NOTHING);
    files.close();
  });

  test('of strangers are not kept', () => {
    const state = newState();
    recorded(state, 5n).close();
    expect(readdirSync(state.path)).not.toContain('newest-timestamps');
  });

  test('of a revoked client are forgotten', () => {
    const state = newState();
    addClient(state.path, record('ada'));
    const files = recorded(state, 5n);
    removeClient(state.path, 'ada');
    reload(files);
    files.close();
    expect(readFileSync(join(state.path, 'newest-timestamps'), 'utf8')).toBe('');
  });

  test('are read where other lines of their file are spoilt', () => {
    const state = newState();
    addClient(state.path, record('ada'));
    recorded(state, 7n).close();
    const file = join(state.path, 'newest-timestamps');
    writeFileSync(file, `\u0000garbage\n${'x'.repeat(500)}\n${readFileSync(file, 'utf8')}${formatKey(publicKey)} zz\n`);
    const told: string[] = [];
    const files = new ClientFiles(state.path, (what, why) => void told.push(`${what}: ${String(why)}`));
    reload(files);
    expect([timestampIn(files), told]).toEqual([7n, [`left out spoilt lines of the newest timestamps: 3 of ${file}`]]);
    files.close();
  });

  test('that cannot be written are trouble, the server goes on, and they are written when it is over', () => {
    const state = newState();
    addClient(state.path, record('ada'));
    const told: string[] = [];
    const files = recorded(state, 9n, (what) => void told.push(what));
    const file = join(state.path, 'newest-timestamps');
    mkdirSync(file); // nothing can be renamed to it, not even by root
    files.close();
    expect(told).toEqual(['cannot write the newest timestamps']);
    expect(timestampIn(files)).toBe(9n);
    rmSync(file, { recursive: true });
    files.recordTimestamp(publicKey, 10n);
    files.close();
    expect(told).toHaveLength(1);
    expect(afterRestart(state)).toBe(10n);
    chmodSync(file, 0o600);
  });

  test('are written at once where the trouble could be mended', () => {
    const state = newState();
    addClient(state.path, record('ada'));
    const file = join(state.path, 'newest-timestamps');
    const files = recorded(state, 9n, () => {
      rmSync(file, { recursive: true });
      return 'again';
    });
    mkdirSync(file);
    files.close();
    expect(afterRestart(state)).toBe(9n);
  });
});
