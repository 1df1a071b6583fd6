import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Contender } from '../packet/timing.js';

type Loop = (bytes: Uint8Array, length: number, operations: number) => number;

const SOURCE = fileURLToPath(new URL('../../native/evp-loop.c', import.meta.url));
const TAG_BYTES = 16;

/**
 * Seals and opens `length` bytes in a loop in C, the measure for what JavaScript adds. Empty where
 * gcc or the headers of Node.js are missing.
 */
export function evpLoop(length: number): Contender[] {
  const loop = compile();
  if (loop === undefined) return [];
  const bytes = new Uint8Array(length + TAG_BYTES);
  return [
    {
      subject: 'ChaCha20-Poly1305 alone, a loop in C over EVP',
      run(operations) {
        if (loop(bytes, length, operations) !== operations) throw new Error('a packet did not open');
        return operations;
      },
    },
  ];
}

function compile(): Loop | undefined {
  const headers = join(dirname(dirname(process.execPath)), 'include/node');
  const folder = mkdtempSync(join(tmpdir(), 'relay-evp-loop-'));
  const file = join(folder, 'loop.node');
  const flags = ['-std=c11', '-O2', '-fPIC', '-shared', '-Wl,-z,now', '-DNAPI_VERSION=8'];
  try {
    execFileSync('gcc', [...flags, '-isystem', headers, '-o', file, SOURCE], { stdio: 'ignore' });
    return createRequire(import.meta.url)(file) as Loop;
  } catch {
    return undefined;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
