import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { addressRange } from '@relay/relay';
import { formatKey, generateKeyPair } from '@relay/session';
import { ClientFiles } from '../../src/state/client-files.js';
import { addClient, removeClient } from '../../src/state/client-store.js';
import type { ClientNames } from '../../src/state/due-names.js';
import type { ClientRecord } from '../../src/state/client-record.js';
import type { StateFolder } from '../../src/state/state-folder.js';
import { newState, NOTHING, noTrouble, publicKey, read, record } from '../support/client-state.js';
import { reload } from '../support/reload.js';

const fileOf = ({ path }: StateFolder, name: string): string => join(path, 'clients', `${name}.json`);
const write = (state: StateFolder, name: string, changes: Partial<ClientRecord>): void =>
  writeFileSync(fileOf(state, name), JSON.stringify(record(name, changes)));

/** The client of `record('ada')`, as shards know it. */
const ADA = {
  name: 'ada',
  publicKey,
  allowances: [{ range: addressRange({ address: '10.0.0.0', prefix: 8 }), ports: [{ first: 53, last: 53 }] }],
  publish: [],
  limits: {},
  expiresWallMs: Infinity,
  newestTimestamp: 0n,
};

describe('the files of clients', () => {
  test('bring a client that was added, with its rights', () => {
    const state = newState();
    const files = new ClientFiles(state.path, noTrouble);
    expect(reload(files)).toEqual(NOTHING);
    addClient(state.path, record('ada', { maxPps: 7, maxBps: 8, expiresAt: '2030-01-01T00:00:00.000Z' }));
    const limits = { packetsPerSecond: 7, bitsPerSecond: 8 };
    const ada = { ...ADA, limits, expiresWallMs: Date.parse('2030-01-01T00:00:00.000Z') };
    expect(reload(files)).toEqual({ ...NOTHING, change: { changed: [ada], gone: [] } });
    expect(files.all()).toEqual({ changed: [ada], gone: [] });
    expect([files.size, files.list().map(({ name }) => name)]).toEqual([1, ['ada']]);
  });

  test.each<[string, Partial<ClientRecord>, object]>([
    ['rights', { allow: [] }, { allowances: [] }],
    [
      'ports',
      { publish: ['53,9000-9010', '80'] },
      {
        publish: [
          { first: 53, last: 53 },
          { first: 9000, last: 9010 },
          { first: 80, last: 80 },
        ],
      },
    ],
    ['limits', { maxBps: 8 }, { limits: { bitsPerSecond: 8 } }],
    ['expiry', { expiresAt: '2030-01-01T00:00:00.000Z' }, { expiresWallMs: Date.parse('2030-01-01T00:00:00.000Z') }],
  ])('bring a client again whose %s were changed, and no other', (_what, changes, expected) => {
    const state = newState();
    addClient(state.path, record('ada'));
    addClient(state.path, record('bob', { publicKey: formatKey(generateKeyPair().publicKey) }));
    const files = read(state);
    expect(reload(files)).toEqual(NOTHING);
    write(state, 'ada', changes);
    expect(reload(files)).toEqual({ ...NOTHING, change: { changed: [{ ...ADA, ...expected }], gone: [] } });
    expect(reload(files)).toEqual(NOTHING);
  });

  test('bring a client again whose file has another name, and take nothing from it', () => {
    const state = newState();
    addClient(state.path, record('ada'));
    const files = read(state);
    files.recordTimestamp(publicKey, 5n);
    renameSync(fileOf(state, 'ada'), fileOf(state, 'grace'));
    const grace = { ...ADA, name: 'grace', newestTimestamp: 5n };
    expect(reload(files)).toEqual({ ...NOTHING, change: { changed: [grace], gone: [] } });
    files.close();
  });

  test('name a client that was removed, once', () => {
    const state = newState();
    addClient(state.path, record('ada'));
    const files = read(state);
    removeClient(state.path, 'ada');
    expect(reload(files)).toEqual({ ...NOTHING, change: { changed: [], gone: [publicKey] }, revoked: ['ada'] });
    expect(reload(files)).toEqual(NOTHING);
    expect([files.size, files.list(), files.all()]).toEqual([0, [], { changed: [], gone: [] }]);
  });

  const SPOILT = [{ file: 'ada.json', fault: 'it is not JSON' }];

  test('that are saved in place revoke nobody: a half-written one leaves its client as it was', () => {
    const state = newState();
    addClient(state.path, record('ada'));
    const files = read(state);
    files.recordTimestamp(publicKey, 5n);
    writeFileSync(fileOf(state, 'ada'), '{');
    for (let i = 0; i < 2; i++) expect(reload(files)).toEqual({ ...NOTHING, faults: SPOILT });
    expect(files.all().changed).toEqual([{ ...ADA, newestTimestamp: 5n }]);
    write(state, 'ada', { maxBps: 8 });
    const changed = [{ ...ADA, limits: { bitsPerSecond: 8 }, newestTimestamp: 5n }];
    expect(reload(files)).toEqual({ ...NOTHING, change: { changed, gone: [] } });
    files.close();
  });

  test('name a client whose file stays spoilt as gone, and keep its timestamp', () => {
    const state = newState();
    addClient(state.path, record('ada'));
    const files = new ClientFiles(state.path, noTrouble, 0);
    reload(files);
    files.recordTimestamp(publicKey, 5n);
    writeFileSync(fileOf(state, 'ada'), '{');
    const change = { changed: [], gone: [publicKey] };
    expect(reload(files)).toEqual({ change, revoked: ['ada'], faults: SPOILT });
    write(state, 'ada', {});
    expect(reload(files).change.changed).toEqual([{ ...ADA, newestTimestamp: 5n }]);
    files.close();
  });

  test.each<[string, string, (path: string) => void]>([
    ['a link to itself', 'it cannot be read', (path) => symlinkSync(path, path)],
    ['a link that leads nowhere', 'it is a link that leads nowhere', (path) => symlinkSync(`${path}.none`, path)],
    ['a folder', 'it cannot be read', (path) => mkdirSync(path)],
    ['a pipe', 'it is no file', (path) => execFileSync('sh', ['-c', 'mkfifo "$0"', path])],
    ['a device', 'it is no file', (path) => symlinkSync('/dev/zero', path)],
    ['65,537 bytes long', 'it is larger than 65536 bytes', (path) => writeFileSync(path, ' '.repeat(65_537))],
    [
      'writable by others',
      'others can write it: run chmod go-w on it',
      (path) => {
        writeFileSync(path, '{}');
        chmodSync(path, 0o666);
      },
    ],
  ])('of which one is %s are read one by one: others are added and revoked', (_what, fault, spoil) => {
    const state = newState();
    addClient(state.path, record('ada'));
    const files = read(state);
    spoil(fileOf(state, 'loop'));
    removeClient(state.path, 'ada');
    const bob = record('bob', { publicKey: formatKey(generateKeyPair().publicKey) });
    addClient(state.path, bob);
    const { change, revoked, faults } = reload(files);
    expect(faults).toEqual([{ file: 'loop.json', fault }]);
    expect([revoked, change.gone, change.changed.map(({ name }) => name)]).toEqual([['ada'], [publicKey], ['bob']]);
    removeClient(state.path, 'loop');
    expect(reload(files).faults).toEqual([]);
    files.close();
  });

  test('in a folder that others can write are refused, and stay as they were', () => {
    const state = newState();
    addClient(state.path, record('ada'));
    const files = read(state);
    chmodSync(join(state.path, 'clients'), 0o777);
    expect(() => reload(files)).toThrow('others can write it: run chmod go-w on it');
    expect(files.list().map(({ name }) => name)).toEqual(['ada']);
    files.close();
  });

  test('that share a key are one client, the first by name, and the others are faults', () => {
    const state = newState();
    addClient(state.path, record('bob'));
    const files = read(state);
    const double = { file: 'bob.json', fault: "it has the key of client 'ada'" };
    addClient(state.path, record('ada'));
    expect(files.look(['ada'])).toEqual({ change: { changed: [ADA], gone: [] }, revoked: [], faults: [double] });
    expect(reload(files)).toEqual({ ...NOTHING, faults: [double] });
    removeClient(state.path, 'ada');
    expect(files.look(['ada'])).toEqual({ ...NOTHING, change: { changed: [{ ...ADA, name: 'bob' }], gone: [] } });
    expect(files.size).toBe(1);
  });

  test('are named to who watches, or all of them where there are many', async () => {
    const state = newState();
    const clients = new ClientFiles(state.path, noTrouble);
    const told: ClientNames[] = [];
    let wake = (): void => undefined;
    clients.watch((names) => {
      told.push(names);
      wake();
    });
    const next = (): Promise<void> => new Promise((resolve) => (wake = resolve));
    const one = next();
    addClient(state.path, record('ada'));
    await one;
    expect(told).toEqual([['ada']]);
    const many = next();
    for (let i = 0; i < 100; i++) write(state, `c${i}`, {});
    await many;
    expect(told.slice(1)).toEqual([undefined]);
    clients.close();
  });

  test('speak of changes in data that another thread can receive', () => {
    const state = newState();
    addClient(state.path, record('ada', { maxPps: 7 }));
    const files = new ClientFiles(state.path, noTrouble);
    const { change } = reload(files);
    expect(structuredClone(change)).toEqual(change);
    removeClient(state.path, 'ada');
    const { change: gone } = reload(files);
    expect(structuredClone(gone)).toEqual(gone);
  });

  test('call back when anybody changes them', async () => {
    const state = newState();
    const clients = new ClientFiles(state.path, noTrouble);
    const changed = new Promise<void>((resolve) => clients.watch(() => resolve()));
    addClient(state.path, record('ada'));
    await changed;
    clients.close();
  });

  test('that a look cannot read are trouble, and are looked at again', async () => {
    const state = newState();
    const told: string[] = [];
    const trouble = new Promise<void>((resolve) => {
      const clients = new ClientFiles(state.path, (what) => {
        told.push(what);
        clients.close();
        resolve();
      });
      clients.watch(() => {
        throw new Error('EMFILE: too many open files');
      });
    });
    addClient(state.path, record('ada'));
    await trouble;
    expect(told).toEqual(['cannot read the files of clients']);
  });

  test('that cannot be read on request are read again without one', async () => {
    const state = newState();
    rmSync(join(state.path, 'clients'), { recursive: true }); // so no watcher calls either
    const clients = new ClientFiles(state.path, () => undefined, 1);
    const again = new Promise<void>((resolve) => clients.watch(() => resolve()));
    expect(() => reload(clients)).toThrow('ENOENT');
    await again;
    clients.close();
  });

  test('in a folder that can be watched again are watched and looked at', async () => {
    const state = newState();
    const path = join(state.path, 'clients');
    rmSync(path, { recursive: true });
    const troubles: string[] = [];
    let seen = (): void => undefined;
    const clients = new ClientFiles(state.path, (what) => void troubles.push(what), 1);
    const looked = new Promise<void>((resolve) => (seen = resolve));
    clients.watch(() => seen());
    mkdirSync(path);
    await looked;
    const changed = new Promise<void>((resolve) => (seen = resolve));
    addClient(state.path, record('ada'));
    await changed;
    expect(new Set(troubles)).toEqual(new Set(['cannot watch the files of clients']));
    clients.close();
  });

  // A client that was removed from the new folder stayed connected for ever.
  test('in a folder that was replaced by another are watched there', async () => {
    const state = newState();
    const path = join(state.path, 'clients');
    let seen = (): void => undefined;
    const clients = new ClientFiles(state.path, () => undefined, 1);
    const looked = new Promise<void>((resolve) => (seen = resolve));
    clients.watch(() => seen());
    renameSync(path, `${path}.old`);
    mkdirSync(path, { mode: 0o700 });
    await looked;
    for (const name of ['ada', 'ben']) {
      const changed = new Promise<void>((resolve) => (seen = resolve));
      writeFileSync(join(path, `${name}.json`), '{');
      await changed;
    }
    clients.close();
  });

  test('in a folder that cannot be watched are trouble, not the end', () => {
    const state = newState();
    rmSync(join(state.path, 'clients'), { recursive: true });
    const told: string[] = [];
    const clients = new ClientFiles(state.path, (what) => void told.push(what));
    clients.watch(() => undefined);
    clients.close();
    expect(told).toEqual(['cannot watch the files of clients']);
  });
});
