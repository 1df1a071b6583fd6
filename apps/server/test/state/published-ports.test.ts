import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, watch, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { formatKey, generateKeyPair } from '@relay/session';
import type { Assignment } from '../../src/publish/publication.js';
import { PublishedPortsFile } from '../../src/state/published-ports.js';
import { openStateFolder } from '../../src/state/state-folder.js';
import { temporaryFolder } from '../temporary-folder.js';

const folder = temporaryFolder();
let number = 0;
const newFolder = (): string => openStateFolder(join(folder, `${++number}`)).path;
const fileIn = (path: string): string => join(path, 'published-ports');
const noTrouble = (what: string, error: unknown): undefined => {
  throw new Error(what, { cause: error });
};

const { publicKey } = generateKeyPair();
const assignment = (address: string, port: number, count: number, token?: number): Assignment => ({
  ...{ publicKey, ports: { endpoint: { address, port }, count } },
  token,
});
const THREE = [
  assignment('::', 27_000, 11, 2 ** 32 - 1),
  assignment('203.0.113.5', 65_535, 1),
  assignment('2001:db8::1', 1, 65_535, 0),
];

function write(path: string, assignments: readonly Assignment[]): void {
  const file = new PublishedPortsFile(path, noTrouble, () => assignments);
  file.changed();
  file.close();
}
const read = (path: string, trouble = noTrouble): Assignment[] =>
  new PublishedPortsFile(path, trouble, () => []).read();

describe('the published ports', () => {
  test('survive a restart, in a file of the owner', () => {
    const path = newFolder();
    write(path, THREE);
    expect(read(path)).toEqual(THREE);
    expect(statSync(fileIn(path)).mode & 0o777).toBe(0o600);
    expect(readFileSync(fileIn(path), 'utf8').split('\n')[0]).toBe(`${formatKey(publicKey)} [::]:27000 11 4294967295`);
    write(path, []);
    expect(read(path)).toEqual([]);
  });

  test('are none at the first start, and are not written unless they change', () => {
    const path = newFolder();
    expect(read(path)).toEqual([]);
    new PublishedPortsFile(path, noTrouble, () => THREE).close();
    expect(readdirSync(path)).not.toContain('published-ports');
  });

  test('are written soon after a change, without being asked', async () => {
    const path = newFolder();
    const changes = watch(path);
    const file = new PublishedPortsFile(path, noTrouble, () => THREE);
    file.changed();
    while (!readdirSync(path).includes('published-ports')) await once(changes, 'change');
    expect(read(path)).toEqual(THREE);
    file.close();
    changes.close();
  });

  test.each([
    ['a key that is none', `${'x'.repeat(42)} [::]:1 1 -`],
    ['an address that is none', `${formatKey(publicKey)} [::g]:1 1 -`],
    ['port 0', `${formatKey(publicKey)} [::]:0 1 -`],
    ['no count', `${formatKey(publicKey)} [::]:1 0 -`],
    ['more ports than there are', `${formatKey(publicKey)} [::]:65535 2 -`],
    ['a token that is too large', `${formatKey(publicKey)} [::]:1 1 4294967296`],
    ['no token', `${formatKey(publicKey)} [::]:1 1`],
    ['too much', `${formatKey(publicKey)} [::]:1 1 - -`],
    ['control characters', `\u0000\u001b[31m`],
    ['nothing', ''],
  ])('with %s are left out and told, and the others are kept', (_what, line) => {
    const path = newFolder();
    write(path, THREE);
    writeFileSync(fileIn(path), `${line}\n${readFileSync(fileIn(path), 'utf8')}${formatKey(publicKey)} [::]:9 1 -`);
    const told: string[] = [];
    expect(read(path, (what, error) => void told.push(`${what}: ${String(error)}`))).toEqual(THREE);
    expect(told).toEqual([`left out spoilt lines of the published ports of clients: 2 of ${fileIn(path)}`]);
  });

  test('are written at once where the trouble could be mended', () => {
    const path = newFolder();
    const file = new PublishedPortsFile(
      path,
      () => {
        rmSync(fileIn(path), { recursive: true });
        return 'again';
      },
      () => THREE,
    );
    file.changed();
    mkdirSync(fileIn(path));
    file.close();
    expect(read(path)).toEqual(THREE);
  });

  test('that cannot be read or written are trouble, and nothing else', () => {
    const path = newFolder();
    mkdirSync(fileIn(path));
    const told: string[] = [];
    const file = new PublishedPortsFile(
      path,
      (what) => void told.push(what),
      () => THREE,
    );
    expect(file.read()).toEqual([]);
    file.changed();
    file.close();
    expect(told).toEqual(['cannot read the published ports of clients', 'cannot write the published ports of clients']);
    rmSync(fileIn(path), { recursive: true });
    file.close();
    expect(read(path)).toEqual(THREE);
  });
});
