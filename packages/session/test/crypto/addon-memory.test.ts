// What the addon holds: for how long, and in which thread.
import { describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { createCipheriv } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { loadNative, type Primitives } from '../../src/index.js';
import { addonFile } from './addon.js';

const native = loadNative();

test('the native engine loads exactly where there is an addon', () => {
  expect(native instanceof Error).toBe(addonFile === undefined);
});

if (!(native instanceof Error) && addonFile !== undefined) describeMemory(native, addonFile);

/** Worker threads and child processes run plain JavaScript, on the addon itself. */
const SEALS = `
  const { parentPort, workerData: { file, first, packets } } = require('node:worker_threads');
  const [key, nonce] = [new Int32Array(8), new Uint8Array(12)];
  const { seal, open } = require(file).start(key, nonce);
  const bytes = new Uint8Array(300 + 16);
  let last;
  for (let packet = 0; packet < packets; packet++) {
    key.fill(first + (packet & 1));
    nonce.fill(packet, 4);
    bytes.fill(packet, 0, 300);
    seal(bytes, 0, 300);
    last = bytes.slice();
    if (!open(bytes, 0, 300)) throw new Error('not authentic');
  }
  parentPort.postMessage(last);
`;

const HOLDS = `
  const [key, nonce] = [new Int32Array(8), new Uint8Array(12)];
  const { seal, open, forget } = require(process.argv[1]).start(key, nonce);
  const keyBytes = new Uint8Array(key.buffer);
  for (let i = 0; i < 32; i++) keyBytes[i] = i * 73 + 41;
  const bytes = new Uint8Array(316);
  seal(bytes, 0, 300);
  open(bytes, 0, 300);
  console.log('used');
  process.stdin.once('data', () => {
    key.fill(0);
    forget();
    console.log('forgotten');
  });
`;

function describeMemory(primitives: Primitives, file: string): void {
  describe('the addon', () => {
    test('holds nothing for a cipher: of 100,000 that were used, no memory is left', () => {
      setFlagsFromString('--expose-gc');
      const collect = runInNewContext('gc') as () => void;
      const bytes = new Uint8Array(100);
      const key = new Uint8Array(32);
      const round = (ciphers: number): void => {
        for (let count = 0; count < ciphers; count++) {
          new DataView(key.buffer).setUint32(0, count);
          primitives.cipher(key).seal(bytes, 0, 84, count);
        }
        collect();
      };
      round(10_000);
      const before = process.memoryUsage().rss;
      round(100_000);
      // One context of OpenSSL takes a KiB.
      expect(process.memoryUsage().rss - before).toBeLessThan(30 << 20);
    });

    test('works in many threads at a time, each with keys of its own', async () => {
      const packets = 20_000;
      const sealed = await Promise.all(
        [10, 20, 30, 40].map(async (first) => {
          const worker = new Worker(SEALS, { eval: true, workerData: { file, first, packets } });
          const [last] = (await once(worker, 'message')) as [Uint8Array];
          await worker.terminate();
          return Buffer.from(last).toString('hex');
        }),
      );
      expect(sealed).toEqual([10, 20, 30, 40].map((first) => expectedOf(first, packets - 1)));
    });

    test('ends with its thread, in the middle of its work too', async () => {
      for (let count = 0; count < 20; count++) {
        const worker = new Worker(SEALS, { eval: true, workerData: { file, first: count, packets: 1e9 } });
        await once(worker, 'online');
        await worker.terminate();
      }
    });

    test('leaves no copy of a key in memory once it forgets', async () => {
      const child = spawn(process.execPath, ['-e', HOLDS, file], { stdio: ['pipe', 'pipe', 'inherit'] });
      try {
        const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
        const key = Buffer.from(Array.from({ length: 32 }, (_, index) => index * 73 + 41));
        expect((await lines.next()).value).toBe('used');
        expect(countInMemory(child.pid ?? 0, key)).toBeGreaterThan(2);
        child.stdin.write('\n');
        expect((await lines.next()).value).toBe('forgotten');
        expect(countInMemory(child.pid ?? 0, key)).toBe(0);
      } finally {
        child.kill();
        await once(child, 'exit');
      }
    });
  });
}

/** What a thread has sealed last. */
function expectedOf(first: number, packet: number): string {
  const key = new Int32Array(8).fill(first + (packet & 1));
  const nonce = new Uint8Array(12).fill(packet, 4);
  const cipher = createCipheriv('chacha20-poly1305', new Uint8Array(key.buffer), nonce, { authTagLength: 16 });
  const text = new Uint8Array(300).fill(packet);
  return Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]).toString('hex');
}

const MAX_REGION_BYTES = 2 ** 30;

/** How many times the bytes occur in the writable memory of another process of ours. */
function countInMemory(pid: number, bytes: Buffer): number {
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  const chunk = Buffer.alloc(1 << 20);
  let count = 0;
  for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
    const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
    if (from === undefined || to === undefined) continue;
    const [start, end] = [Number.parseInt(from, 16), Number.parseInt(to, 16)];
    // A sanitizer has terabytes of its own, nearly all of them untouched.
    if (end - start > MAX_REGION_BYTES) continue;
    for (let at = start; at < end; at += chunk.length) {
      const read = readSync(memory, chunk, 0, Math.min(chunk.length, end - at), at);
      const part = chunk.subarray(0, read);
      for (let found = part.indexOf(bytes); found >= 0; found = part.indexOf(bytes, found + 1)) count++;
    }
  }
  closeSync(memory);
  return count;
}
