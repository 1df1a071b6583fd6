import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, watch, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { formatKey, generateKeyPair, packPath } from '@relay/session';
import type { ClientRecord } from '../../src/state/client-record.js';
import { ProvenAddresses } from '../../src/state/proven-addresses.js';
import { openStateFolder } from '../../src/state/state-folder.js';
import { temporaryFolder } from '../temporary-folder.js';

const folder = temporaryFolder();
let number = 0;
const newFolder = (): string => openStateFolder(join(folder, `${++number}`)).path;
const fileIn = (path: string): string => join(path, 'proven-addresses');
const noTrouble = (what: string, error: unknown): undefined => {
  throw new Error(what, { cause: error });
};

const { publicKey } = generateKeyPair();
const ADA: ClientRecord = { name: 'ada', publicKey: formatKey(publicKey), allow: [], createdAt: '2026-01-01' };
const PATH = packPath({ address: '198.51.100.7', port: 40_000 }, { address: '2001:db8::1', port: 7878 });
const OTHER_PATH = packPath({ address: '198.51.100.7', port: 40_001 });

/** The address of the client after a restart. */
const afterRestart = (path: string, trouble = noTrouble) => new ProvenAddresses(path, trouble).of([ADA]);

/** A folder in which an address of the client was written. */
function written(): string {
  const path = newFolder();
  const addresses = new ProvenAddresses(path, noTrouble);
  addresses.record({ publicKey, path: PATH });
  addresses.close();
  return path;
}

describe('the proven addresses', () => {
  test('survive a restart with both ends of the path, in a file of the owner', () => {
    const path = written();
    expect(afterRestart(path)).toEqual([{ publicKey, path: PATH }]);
    expect(statSync(fileIn(path)).mode & 0o777).toBe(0o600);
  });

  test('are none at the first start, and that is no trouble', () => {
    const path = newFolder();
    const addresses = new ProvenAddresses(path, noTrouble);
    expect(addresses.of([ADA])).toEqual([]);
    addresses.close();
    expect(readdirSync(path)).not.toContain('proven-addresses');
  });

  test('are written at once when one changes, and the next ones some seconds later', async () => {
    const path = newFolder();
    const changes = watch(path);
    const addresses = new ProvenAddresses(path, noTrouble);
    addresses.record({ publicKey, path: PATH });
    while (!readdirSync(path).includes('proven-addresses')) await once(changes, 'change');
    expect(afterRestart(path)).toEqual([{ publicKey, path: PATH }]);
    addresses.record({ publicKey, path: OTHER_PATH });
    expect(afterRestart(path)).toEqual([{ publicKey, path: PATH }]);
    addresses.close();
    expect(afterRestart(path)).toEqual([{ publicKey, path: OTHER_PATH }]);
    changes.close();
  });

  test('of a client that is gone are forgotten', () => {
    const path = written();
    const addresses = new ProvenAddresses(path, noTrouble);
    expect(addresses.of([])).toEqual([]);
    addresses.forget([publicKey]);
    addresses.close();
    expect(readFileSync(fileIn(path), 'utf8')).toBe('');
  });

  test('are read where other lines of their file are spoilt, which is told', () => {
    const path = written();
    const text = readFileSync(fileIn(path), 'utf8');
    writeFileSync(
      fileIn(path),
      `\u0000garbage\n${'x'.repeat(500)}\n${text}${formatKey(publicKey)} 00\n${text.slice(0, 60)}`,
    );
    const told: string[] = [];
    const addresses = afterRestart(path, (what, error) => void told.push(`${what}: ${String(error)}`));
    expect(addresses).toEqual([{ publicKey, path: PATH }]);
    expect(told).toEqual([`left out spoilt lines of the proven addresses of clients: 4 of ${fileIn(path)}`]);
  });

  test('that cannot be read or written are trouble, and nothing else', () => {
    const path = newFolder();
    mkdirSync(fileIn(path));
    const told: string[] = [];
    const addresses = new ProvenAddresses(path, (what) => void told.push(what));
    addresses.record({ publicKey, path: PATH });
    addresses.close();
    expect(told).toEqual([
      'cannot read the proven addresses of clients',
      'cannot write the proven addresses of clients',
    ]);
    rmSync(fileIn(path), { recursive: true });
    addresses.record({ publicKey, path: OTHER_PATH });
    addresses.close();
    expect(afterRestart(path)).toEqual([{ publicKey, path: OTHER_PATH }]);
  });
});
