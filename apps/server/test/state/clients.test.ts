import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { EXIT } from '@relay/program';
import { formatKey, generateKeyPair, parseInvitation } from '@relay/session';
import { StoredClients } from '../../src/state/client-directory.js';
import { addClient, readClients, removeClient } from '../../src/state/client-store.js';
import { parseClientRecord, type ClientRecord } from '../../src/state/client-record.js';
import { invite, publicEndpoint } from '../../src/state/invite.js';
import { openStateFolder, type StateFolder } from '../../src/state/state-folder.js';
import { temporaryFolder } from '../temporary-folder.js';

const folder = temporaryFolder();
let number = 0;
const newState = (): StateFolder => openStateFolder(join(folder, `${++number}`));
const noTrouble = (what: string, error: unknown): void => {
  throw new Error(what, { cause: error });
};

const { publicKey } = generateKeyPair();
const record = (name: string, changes: Partial<ClientRecord> = {}): ClientRecord => ({
  name,
  publicKey: formatKey(publicKey),
  allow: ['10.0.0.0/8:53'],
  createdAt: '2026-01-01T00:00:00.000Z',
  ...changes,
});
const fileOf = ({ path }: StateFolder, name: string): string => join(path, 'clients', `${name}.json`);
const AT = { host: 'relay.example', port: 7878 };

describe('clients', () => {
  test('are kept in a file each, which only the owner can read', () => {
    const state = newState();
    addClient(state.path, record('ada', { maxPps: 100, maxBps: 5, expiresAt: '2030-01-01T00:00:00.000Z' }));
    expect(statSync(fileOf(state, 'ada')).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(state.path, 'clients'))).toEqual(['ada.json']);
    expect(readClients(state.path)).toEqual({
      records: [record('ada', { maxPps: 100, maxBps: 5, expiresAt: '2030-01-01T00:00:00.000Z' })],
      faults: [],
    });
  });

  test('of one name are added once, and the first one stays', () => {
    const state = newState();
    addClient(state.path, record('ada'));
    const again = (): void => addClient(state.path, record('ada', { allow: [] }));
    expect(again).toThrow(expect.objectContaining({ exitCode: EXIT.refused }));
    expect(again).toThrow(/^there is a client called 'ada' already: choose another name, or revoke it first$/);
    expect(readClients(state.path).records).toEqual([record('ada')]);
    expect(readdirSync(join(state.path, 'clients'))).toEqual(['ada.json']);
  });

  test('are revoked once', () => {
    const state = newState();
    addClient(state.path, record('ada'));
    expect(removeClient(state.path, 'ada')).toEqual(record('ada'));
    expect(() => removeClient(state.path, 'ada')).toThrow(
      "there is no client called 'ada': relay-server clients lists them",
    );
    expect(readClients(state.path).records).toEqual([]);
  });

  test.each(['', '.', '..', '../server', 'a/b', '.hidden', 'a\nb', 'ä', 'x'.repeat(65), '__proto__/x'])(
    'are not called %j',
    (name) => {
      const state = newState();
      expect(() => invite(state, name, { allow: [] }, AT)).toThrow(expect.objectContaining({ exitCode: EXIT.usage }));
      expect(() => removeClient(state.path, name)).toThrow(expect.objectContaining({ exitCode: EXIT.refused }));
      expect(statSync(join(state.path, 'server.key')).isFile()).toBe(true);
    },
  );

  test('are invited with a key that is in the invitation and nowhere else', () => {
    const state = newState();
    const text = invite(state, 'ada', { allow: ['10.0.0.0/8'], maxPps: 10, expiresInMs: 60_000 }, AT);
    const invitation = parseInvitation(text);
    if (typeof invitation === 'string') throw new Error(invitation);
    expect(invitation).toMatchObject({ ...AT, name: 'ada' });
    expect(formatKey(invitation.serverPublicKey)).toBe(formatKey(state.staticKey.publicKey));
    const [made] = readClients(state.path).records;
    expect(made).toMatchObject({ name: 'ada', allow: ['10.0.0.0/8'], maxPps: 10 });
    expect(Date.parse(made?.expiresAt ?? '') - Date.parse(made?.createdAt ?? '')).toBe(60_000);
    const secret = formatKey(invitation.clientPrivateKey);
    for (const file of readdirSync(state.path, { recursive: true, withFileTypes: true }))
      if (file.isFile()) expect(readFileSync(join(file.parentPath, file.name), 'utf8')).not.toContain(secret);
  });

  test.each([
    [undefined, { address: '192.0.2.1', port: 1 }, { host: '192.0.2.1', port: 1 }],
    [{ host: 'relay.example' }, { address: '::', port: 7878 }, { host: 'relay.example', port: 7878 }],
    [
      { host: 'relay.example', port: 443 },
      { address: '::', port: 7878 },
      { host: 'relay.example', port: 443 },
    ],
  ])('are told to come to: public %j, listening on %j', (configured, listen, expected) => {
    expect(publicEndpoint(configured, listen)).toEqual(expected);
  });

  test.each(['::', '0.0.0.0'])("are told this host's name where the server listens on %s", (address) => {
    expect(publicEndpoint(undefined, { address, port: 5 }).host).not.toBe(address);
  });
});

const FIELDS: Readonly<Record<string, unknown>> = { ...record('ada') };

describe('a client file', () => {
  test.each([
    ['no JSON', '{"name":', 'it is not JSON'],
    ['nothing', '', 'it is not JSON'],
    ['a list', '[]', 'it is not an object'],
    ['null', 'null', 'it is not an object'],
    ['an unknown field', JSON.stringify({ ...FIELDS, admin: true }), "it has an unknown field 'admin'"],
    ...['name', 'publicKey', 'allow', 'createdAt'].map((key): [string, string, string] => [
      `no ${key}`,
      JSON.stringify({ ...FIELDS, [key]: undefined }),
      `its ${key} is wrong or missing`,
    ]),
    ...Object.entries({
      publicKey: 'AAAA',
      allow: ['10.0.0.0/8', '10.0.0.0/33'],
      maxPps: 0,
      maxBps: '5',
      createdAt: 'yesterday',
      expiresAt: 5,
    }).map(([key, value]): [string, string, string] => [
      `a wrong ${key}`,
      JSON.stringify({ ...FIELDS, [key]: value }),
      `its ${key} is wrong or missing`,
    ]),
    [
      'an allowance that is no list',
      JSON.stringify({ ...FIELDS, allow: '10.0.0.0/8' }),
      'its allow is wrong or missing',
    ],
  ])('with %s is told and left out; the others are used', (_name, text, fault) => {
    const state = newState();
    addClient(state.path, record('bob'));
    writeFileSync(fileOf(state, 'ada'), text);
    expect(parseClientRecord(text, 'ada')).toBe(fault);
    expect(readClients(state.path)).toEqual({ records: [record('bob')], faults: [{ file: 'ada.json', fault }] });
  });

  test('that is a folder, or holds the key of another client, is told and left out', () => {
    const state = newState();
    addClient(state.path, record('bob'));
    addClient(state.path, record('copy'));
    mkdirSync(fileOf(state, 'ada'));
    expect(readClients(state.path)).toEqual({
      records: [record('bob')],
      faults: [
        { file: 'ada.json', fault: 'it cannot be read' },
        { file: 'copy.json', fault: "it has the key of client 'bob'" },
      ],
    });
  });

  test('that is none of ours is passed over', () => {
    const state = newState();
    for (const file of ['ada.json.new', '.ada.json', 'README', 'a b.json'])
      writeFileSync(join(state.path, 'clients', file), 'x');
    expect(readClients(state.path)).toEqual({ records: [], faults: [] });
  });
});

describe('StoredClients', () => {
  test('follows the files: added, changed, removed', () => {
    const state = newState();
    const clients = new StoredClients(state.path, noTrouble);
    expect(clients.reload()).toEqual({ revoked: [], faults: [] });
    addClient(state.path, record('ada', { allow: [], maxPps: 7 }));
    clients.reload();
    const ada = clients.lookup(publicKey);
    expect(ada).toMatchObject({
      name: 'ada',
      allowances: [],
      limits: { packetsPerSecond: 7 },
      expiresWallMs: Infinity,
    });
    const changed = record('ada', { maxBps: 8, expiresAt: '2030-01-01T00:00:00.000Z' });
    writeFileSync(fileOf(state, 'ada'), JSON.stringify(changed));
    clients.reload();
    expect(clients.lookup(publicKey)).toBe(ada);
    expect(ada).toMatchObject({ limits: { bitsPerSecond: 8 }, expiresWallMs: Date.parse('2030-01-01T00:00:00.000Z') });
    expect(ada?.limits).not.toHaveProperty('packetsPerSecond');
    expect(ada?.allowances).toHaveLength(1);
    removeClient(state.path, 'ada');
    expect(clients.reload().revoked).toEqual([ada]);
    expect([clients.lookup(publicKey), clients.size, clients.list()]).toEqual([undefined, 0, []]);
  });

  test('a client whose invitation has expired comes in no longer, and is named so that its sessions can end', () => {
    const state = newState();
    addClient(state.path, record('ada', { expiresAt: new Date(Date.now() - 1000).toISOString() }));
    const clients = new StoredClients(state.path, noTrouble);
    clients.reload();
    expect(clients.lookup(publicKey)).toBeUndefined();
    expect(clients.expired().map(({ name }) => name)).toEqual(['ada']);
    writeFileSync(fileOf(state, 'ada'), JSON.stringify(record('ada', { expiresAt: '2100-01-01T00:00:00.000Z' })));
    clients.reload();
    expect(clients.lookup(publicKey)?.name).toBe('ada');
    expect(clients.expired()).toEqual([]);
  });

  test('a client whose file was spoilt comes in no longer', () => {
    const state = newState();
    addClient(state.path, record('ada'));
    const clients = new StoredClients(state.path, noTrouble);
    clients.reload();
    writeFileSync(fileOf(state, 'ada'), '{');
    const { revoked, faults } = clients.reload();
    expect(revoked.map(({ name }) => name)).toEqual(['ada']);
    expect(faults).toEqual([{ file: 'ada.json', fault: 'it is not JSON' }]);
  });

  test('tells of changes by whomever', async () => {
    const state = newState();
    const clients = new StoredClients(state.path, noTrouble);
    const changed = new Promise<void>((resolve) => clients.watch(resolve));
    addClient(state.path, record('ada'));
    await changed;
    clients.close();
  });

  test('a look that fails is trouble, and is repeated', async () => {
    const state = newState();
    const told: string[] = [];
    const trouble = new Promise<void>((resolve) => {
      const clients = new StoredClients(state.path, (what) => {
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

  test('files that cannot be read when someone asks for it are read again by themselves', async () => {
    const state = newState();
    rmSync(join(state.path, 'clients'), { recursive: true }); // so no watcher calls either
    const clients = new StoredClients(state.path, () => undefined, 1);
    const again = new Promise<void>((resolve) => clients.watch(resolve));
    expect(() => clients.reload()).toThrow('ENOENT');
    await again;
    clients.close();
  });

  test('a folder that can be watched again is watched, and looked at for what has changed', async () => {
    const state = newState();
    const path = join(state.path, 'clients');
    rmSync(path, { recursive: true });
    const troubles: string[] = [];
    let seen = (): void => undefined;
    const clients = new StoredClients(state.path, (what) => troubles.push(what), 1);
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

  test('a folder that cannot be watched is trouble, not the end', () => {
    const state = newState();
    rmSync(join(state.path, 'clients'), { recursive: true });
    const told: string[] = [];
    const clients = new StoredClients(state.path, (what) => told.push(what));
    clients.watch(() => undefined);
    clients.close();
    expect(told).toEqual(['cannot watch the files of clients']);
  });
});

describe('the newest timestamps', () => {
  const recorded = (state: StateFolder, timestamp: bigint, trouble = noTrouble): StoredClients => {
    const clients = new StoredClients(state.path, trouble);
    clients.reload();
    clients.recordTimestamp(publicKey, timestamp);
    return clients;
  };
  const afterRestart = (state: StateFolder): bigint | undefined => {
    const clients = new StoredClients(state.path, noTrouble);
    clients.reload();
    return clients.lookup(publicKey)?.newestTimestamp;
  };

  test('are known at once, survive a restart, and lie in a file of the owner', () => {
    const state = newState();
    addClient(state.path, record('ada'));
    const timestamp = (1n << 96n) - 1n;
    const clients = recorded(state, timestamp);
    expect(clients.lookup(publicKey)?.newestTimestamp).toBe(timestamp);
    clients.close();
    expect(afterRestart(state)).toBe(timestamp);
    expect(statSync(join(state.path, 'newest-timestamps')).mode & 0o777).toBe(0o600);
  });

  test('of strangers are not kept', () => {
    const state = newState();
    recorded(state, 5n).close();
    expect(readdirSync(state.path)).not.toContain('newest-timestamps');
  });

  test('of a revoked client are forgotten', () => {
    const state = newState();
    addClient(state.path, record('ada'));
    const clients = recorded(state, 5n);
    removeClient(state.path, 'ada');
    clients.reload();
    clients.close();
    expect(readFileSync(join(state.path, 'newest-timestamps'), 'utf8')).toBe('');
  });

  test('lines that are none are passed over', () => {
    const state = newState();
    addClient(state.path, record('ada'));
    recorded(state, 7n).close();
    const file = join(state.path, 'newest-timestamps');
    writeFileSync(file, `\u0000garbage\n${'x'.repeat(500)}\n${readFileSync(file, 'utf8')}${formatKey(publicKey)} zz\n`);
    expect(afterRestart(state)).toBe(7n);
  });

  test('that cannot be written are trouble, the server goes on, and they are written when it is over', () => {
    const state = newState();
    addClient(state.path, record('ada'));
    const told: string[] = [];
    const clients = recorded(state, 9n, (what) => told.push(what));
    const file = join(state.path, 'newest-timestamps');
    mkdirSync(file); // nothing can be renamed to it, not even by root
    clients.close();
    expect(told).toEqual(['cannot write the newest timestamps']);
    expect(clients.lookup(publicKey)?.newestTimestamp).toBe(9n);
    rmSync(file, { recursive: true });
    clients.recordTimestamp(publicKey, 10n);
    clients.close();
    expect(told).toHaveLength(1);
    expect(afterRestart(state)).toBe(10n);
    chmodSync(file, 0o600);
  });
});
