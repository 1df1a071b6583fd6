import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { EXIT } from '@relay/program';
import { makeStateFolder } from '../../src/state/state-folder.js';
import { lockState } from '../../src/state/state-lock.js';
import { temporaryFolder } from '../temporary-folder.js';

/** For tests that start processes: the machine may be busy. */
const PATIENCE_MS = 60_000;
const folder = temporaryFolder();
let number = 0;
const newState = (): string => makeStateFolder(join(folder, `${++number}`));
const neverUnlocked = (error: unknown): never => {
  throw new Error('the folder can hold no lock', { cause: error });
};
const lock = (state: string): Promise<() => void> => lockState(state, neverUnlocked);
const socketsOf = (state: string): string[] => readdirSync(join(state, 'lock'));
const heldBy = (pid: number, state: string): unknown =>
  expect.objectContaining({
    exitCode: EXIT.failed,
    message: `a server already runs on this state (pid ${pid}): ${state} (stop it, or give this one another folder with --state)`,
  });

/** The lock of a process that does this with itself once it has the lock. */
function lockOfAnother(state: string, then: string): ReturnType<typeof spawn> {
  mkdirSync(join(state, 'lock'));
  const path = `${JSON.stringify(join(state, 'lock'))} + '/' + process.pid + '.0'`;
  return spawn(process.execPath, ['-e', `require('node:net').createServer().listen(${path}, () => { ${then} })`]);
}

/** Leaves what a server that was killed leaves. */
function killedServer(state: string): void {
  mkdirSync(join(state, 'lock'), { recursive: true });
  const path = JSON.stringify(join(state, 'lock', `4711.${++number}`));
  const script = `require('node:net').createServer().listen(${path}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script]);
}

describe('the lock of a state folder', () => {
  test('is held by one at a time, and free again when it was given back', async () => {
    const state = newState();
    const unlock = await lock(state);
    await expect(lock(state)).rejects.toEqual(heldBy(process.pid, state));
    await expect(lock(state)).rejects.toEqual(heldBy(process.pid, state));
    unlock();
    expect(readdirSync(state)).toEqual(['clients']);
    (await lock(state))();
  });

  test('is for its owner alone, whatever the mask, and leaves nothing beside it', async () => {
    const before = process.umask(0);
    try {
      const state = newState();
      const unlock = await lock(state);
      expect(readdirSync(state)).toEqual(['clients', 'lock']);
      const files = [join(state, 'lock'), ...socketsOf(state).map((name) => join(state, 'lock', name))];
      expect(files.map((file) => statSync(file).mode & 0o777)).toEqual([0o700, 0o600]);
      unlock();
    } finally {
      process.umask(before);
    }
  });

  test(
    'is that of a process that is suspended, too',
    async () => {
      const state = newState();
      const other = lockOfAnother(state, "process.kill(process.pid, 'SIGSTOP')");
      try {
        const stateOf = (): string => readFileSync(`/proc/${other.pid ?? 0}/stat`, 'utf8').split(') ')[1] ?? '';
        while (!stateOf().startsWith('T')) await setImmediate();
        await expect(lock(state)).rejects.toEqual(heldBy(other.pid ?? 0, state));
        expect(socketsOf(state)).toEqual([`${other.pid ?? 0}.0`]);
      } finally {
        other.kill('SIGKILL');
      }
    },
    PATIENCE_MS,
  );

  test(
    'is free once its process was killed, and exactly one of those that try at once gets it',
    async () => {
      const state = newState();
      killedServer(state);
      killedServer(state);
      const tries = await Promise.allSettled(Array.from({ length: 20 }, () => lock(state)));
      const refused = tries.filter((each) => each.status === 'rejected');
      expect(refused.map(({ reason }): unknown => reason)).toEqual(Array(19).fill(heldBy(process.pid, state)));
      expect(readdirSync(state)).toEqual(['clients', 'lock']);
      expect(socketsOf(state)).toHaveLength(1);
    },
    PATIENCE_MS,
  );

  test('holds where the path of the folder is longer than that of a socket may be', async () => {
    const state = makeStateFolder(join(newState(), 'x'.repeat(150)));
    const unlock = await lock(state);
    await expect(lock(state)).rejects.toEqual(heldBy(process.pid, state));
    unlock();
    expect(readdirSync(state)).toEqual(['clients']);
  });

  test('where another file is in its place says so on one line', async () => {
    const state = newState();
    writeFileSync(join(state, 'lock'), '');
    await expect(lock(state)).rejects.toThrow(/^cannot use the state folder .*lock: .*\(--state names another\)$/);
  });
});
