import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach } from '@jest/globals';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A new folder that is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'relay-logging-'));
  folders.push(folder);
  return folder;
}

/**
 * The names of the files of one kind, without hidden ones, in the order in which they were written.
 */
export function logFiles(folder: string, kind = 'relay'): string[] {
  const names = readdirSync(folder).filter((name) => name.startsWith(`${kind}-`));
  return [...names.filter(isArchived).sort(), ...names.filter((name) => !isArchived(name)).sort(byNumber)];
}

/** All lines of one kind, archived ones included, in the order in which they were written. */
export function logLines(folder: string, kind = 'relay'): string[] {
  return logFiles(folder, kind).flatMap((name) => fileLines(join(folder, name)));
}

/** The lines of one file; a compressed one is unpacked. Fails if the last line has no end. */
export function fileLines(path: string): string[] {
  const bytes = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
  const lines = text.split('\n');
  if (lines.pop() !== '') throw new Error(`${path} ends in the middle of a line`);
  return lines;
}

/** All records of one kind. Fails if a line is no JSON. */
export function logRecords(folder: string, kind = 'relay'): Record<string, unknown>[] {
  return logLines(folder, kind).map((line) => JSON.parse(line) as Record<string, unknown>);
}

function isArchived(name: string): boolean {
  return /-\d{6,}\.log/.test(name);
}

function byNumber(a: string, b: string): number {
  return numberOf(a) - numberOf(b);
}

function numberOf(name: string): number {
  return Number(/\.(\d+)\.log$/.exec(name)?.[1] ?? 0);
}
