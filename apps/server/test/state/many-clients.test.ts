import { createHash } from 'node:crypto';
import { readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, describe, expect, test } from '@jest/globals';
import { formatKey } from '@relay/session';
import { ClientFiles, READ_UNITS, SLICE_UNITS, type FilesChange } from '../../src/state/client-files.js';
import type { ClientRecord } from '../../src/state/client-record.js';
import { addClient, removeClient } from '../../src/state/client-store.js';
import { openStateFolder } from '../../src/state/state-folder.js';
import { temporaryFolder } from '../temporary-folder.js';

const folder = temporaryFolder();

describe('10,000 files of clients', () => {
  const COUNT = 10_000;
  const state = openStateFolder(folder);
  const names = Array.from({ length: COUNT }, (_each, i) => `c${i}`);
  const record = (name: string, changes: Partial<ClientRecord> = {}): ClientRecord => ({
    name,
    publicKey: formatKey(createHash('sha256').update(name).digest()),
    allow: ['10.0.0.0/8:53'],
    createdAt: '2026-01-01T00:00:00.000Z',
    ...changes,
  });
  const fileOf = (name: string): string => join(state.path, 'clients', `${name}.json`);
  const write = (name: string, changes: Partial<ClientRecord> = {}): void =>
    writeFileSync(fileOf(name), JSON.stringify(record(name, changes)));
  const past = new Date(Date.now() - 60_000);
  for (const name of names) write(name);
  for (const name of names) utimesSync(fileOf(name), past, past);
  const files = new ClientFiles(state.path, () => undefined);
  const namesIn = ({ change }: FilesChange): string[] => change.changed.map(({ name }) => name);
  afterAll(() => files.close());
  /** How many calls have read something for this process so far, by the kernel's account. */
  const readCalls = (): number => Number(/^syscr: (\d+)$/m.exec(readFileSync('/proc/self/io', 'latin1'))?.[1]);
  /** The calls that a piece of work makes, without those of counting them. */
  const readsOf = (work: () => unknown): number => {
    const counting = -(readCalls() - readCalls());
    const before = readCalls();
    work();
    return readCalls() - before - counting;
  };

  test('are read in slices, of which none reads more than its part', () => {
    const slices = [...files.lookAtAll()].map(namesIn);
    expect(slices.flat().sort()).toEqual([...names].sort());
    expect(Math.max(...slices.map(({ length }) => length))).toBeLessThanOrEqual(SLICE_UNITS / READ_UNITS);
  });

  test('are looked at in slices, and read again as far as they have changed', async () => {
    await setTimeout(1100 - (Date.now() - statSync(fileOf('c9999')).ctimeMs)); // the step of times of files
    for (const _slice of files.lookAtAll()); // those that were written just before they were read
    write('c7', { maxPps: 7 });
    const slices: FilesChange[] = [];
    const reads = readsOf(() => slices.push(...files.lookAtAll()));
    expect(slices.flatMap(namesIn)).toEqual(['c7']);
    expect(slices.length).toBeGreaterThanOrEqual(COUNT / SLICE_UNITS);
    expect(reads).toBeLessThanOrEqual(2); // its content and its end
  });

  test('are not looked at for one whose name is known', () => {
    addClient(state.path, record('ada'));
    const found: FilesChange[] = [];
    expect(readsOf(() => found.push(files.look(['ada'])))).toBeLessThanOrEqual(2);
    expect(found.flatMap(namesIn)).toEqual(['ada']);
    removeClient(state.path, 'ada');
    expect(readsOf(() => found.push(files.look(['ada'])))).toBe(0);
    expect(found.at(-1)?.revoked).toEqual(['ada']);
  });

  test('are read after those that are gone, which are revoked first', () => {
    for (const name of ['c1', 'c5000', 'c9998']) rmSync(fileOf(name));
    for (const name of names.slice(2, 900)) write(name, { maxPps: 9 });
    const slices = [...files.lookAtAll()].filter(({ change }) => change.changed.length + change.gone.length > 0);
    expect([...(slices[0]?.revoked ?? [])].sort()).toEqual(['c1', 'c5000', 'c9998']);
    expect(slices.slice(1).flatMap(({ revoked }) => revoked)).toEqual([]);
    expect(slices.flatMap(namesIn)).toHaveLength(898);
  });

  test('are looked at while others change: what is gone by then is gone, and what was found stays', () => {
    const look = files.lookAtAll();
    look.next();
    removeClient(state.path, 'c9999');
    expect(files.look(['c9999']).revoked).toEqual(['c9999']);
    addClient(state.path, record('bob'));
    expect(namesIn(files.look(['bob']))).toEqual(['bob']);
    expect([...look].flatMap((found) => [...namesIn(found), ...found.revoked])).toEqual([]);
    expect(files.list().map(({ name }) => name)).toContain('bob');
  });
});
