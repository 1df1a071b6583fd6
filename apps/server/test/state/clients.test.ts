import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { EXIT } from '@relay/program';
import { formatKey, generateKeyPair, parseInvitation } from '@relay/session';
import { readClients } from '../../src/state/client-files.js';
import { addClient, removeClient } from '../../src/state/client-store.js';
import { parseClientRecord, type ClientRecord } from '../../src/state/client-record.js';
import { invite } from '../../src/state/invite.js';
import { publicEndpoint } from '../../src/state/public-address.js';
import { openStateFolder, type StateFolder } from '../../src/state/state-folder.js';
import { temporaryFolder } from '../temporary-folder.js';

const folder = temporaryFolder();
let number = 0;
const newState = (): StateFolder => openStateFolder(join(folder, `${++number}`));

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
    removeClient(state.path, 'ada');
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
  ])(
    'are sent to the right endpoint by a server with the public host %j that listens on %j',
    (configured, listen, expected) => {
      expect(publicEndpoint(configured, listen)).toEqual(expected);
    },
  );

  test.each(['::', '0.0.0.0'])("are sent to this host's name where the server listens on %s", (address) => {
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
      publish: ['53', '0'],
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
      'a time beside which something else stands',
      JSON.stringify({ ...FIELDS, expiresAt: '2030-01-01 (\u001b[31mred)' }),
      'its expiresAt is wrong or missing',
    ],
    [
      'published ports that are no list',
      JSON.stringify({ ...FIELDS, publish: '53' }),
      'its publish is wrong or missing',
    ],
    [
      'an allowance that is no list',
      JSON.stringify({ ...FIELDS, allow: '10.0.0.0/8' }),
      'its allow is wrong or missing',
    ],
  ])('with %s is reported and left out; the others are used', (_name, text, fault) => {
    const state = newState();
    addClient(state.path, record('bob'));
    writeFileSync(fileOf(state, 'ada'), text);
    expect(parseClientRecord(text, 'ada')).toBe(fault);
    expect(readClients(state.path)).toEqual({ records: [record('bob')], faults: [{ file: 'ada.json', fault }] });
  });

  test.each([
    ['without published ports, as earlier versions wrote it', {}, undefined],
    ['with an empty list of them', { publish: [] }, undefined],
    ['with ports that the client may publish', { publish: ['53,9000-9010'] }, ['53,9000-9010']],
  ])('%s is right', (_what, fields, publish) => {
    const read = parseClientRecord(JSON.stringify({ ...FIELDS, ...fields }), 'ada');
    expect(read).toEqual({ ...record('ada'), ...(publish !== undefined && { publish }) });
  });

  test('that is a folder, or holds the key of another client, is reported and left out', () => {
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

  test('whose name is no name of a client is passed over', () => {
    const state = newState();
    for (const file of ['ada.json.new', '.ada.json', 'README', 'a b.json'])
      writeFileSync(join(state.path, 'clients', file), 'x');
    expect(readClients(state.path)).toEqual({ records: [], faults: [] });
  });
});
