// Runtimes other than Node.js. Those that are installed are run with the built package.
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const DIST = join(import.meta.dirname, '..', 'dist', 'index.js');

const PRETENDS = (runtime: string): string => `
  Object.defineProperty(process, 'versions', { value: { ...process.versions, ${runtime}: '1.0.0' } });
  process.on('warning', ({ message }) => console.log(message));
  const { createSocket, isNativeAvailable } = await import(${JSON.stringify(pathToFileURL(DIST).href)});
  console.log(isNativeAvailable(), createSocket().engine);
  try { createSocket({ engine: 'native' }); } catch (error) { console.log(error.code, error.cause.message); }`;

const ECHO = `
  const { createSocket } = await import(${JSON.stringify(pathToFileURL(DIST).href)});
  const server = createSocket({ local: { address: '127.0.0.1', port: 0 } });
  await server.open();
  server.onReceive = ({ count, bytes, offsets, lengths, sources }) =>
    server.sendBatch({ count, bytes, offsets, lengths, destinations: sources });
  const socket = createSocket({ remote: server.local });
  await socket.open();
  socket.send(new TextEncoder().encode('across'));
  let answer;
  for await (const { bytes } of socket) {
    answer = new TextDecoder().decode(bytes);
    break;
  }
  console.log(socket.engine, answer);
  await Promise.all([socket.close(), server.close()]);`;

/** Runs a program with the built package, and returns what it printed. */
async function outputOf(runtime: string, args: readonly string[], program: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'relay-runtime-'));
  try {
    writeFileSync(join(folder, 'program.mjs'), program);
    const words = [...args, join(folder, 'program.mjs')];
    return (await promisify(execFile)(runtime, words, { timeout: 60_000 })).stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const isInstalled = (command: string): boolean => spawnSync(command, ['--version']).status === 0;

if (!existsSync(DIST)) console.warn('the package is not built: the tests of other runtimes are left out.');
else {
  test.each([
    ['Bun', 'bun'],
    ['Deno', 'deno'],
  ])('the engine auto is dgram on %s, and native is refused with the reason', async (name, key) => {
    const output = await outputOf(process.execPath, [], PRETENDS(key));
    expect(output).toMatch(/^false dgram$/m);
    expect(output).toMatch(new RegExp(`^engine-unavailable ${name} cannot run it$`, 'm'));
    expect(output).toMatch(/going on with dgram/);
  });

  for (const [runtime, ...args] of [['bun'], ['deno', 'run', '-A', '--node-modules-dir=manual']] as const) {
    if (isInstalled(runtime))
      test(`the engine auto carries a datagram and closes on ${runtime}`, async () => {
        expect(await outputOf(runtime, args, ECHO)).toBe('dgram across\n');
      });
  }
}
