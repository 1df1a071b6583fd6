import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { expect, test } from '@jest/globals';
import { createSocket, SocketError } from '../src/index.js';
import { loadAddon } from '../src/native/addon.js';

const require = createRequire(import.meta.url);

// The worker runs plain JavaScript on the addon itself, because it does not read TypeScript. It
// leaves one echo socket open.
const PROGRAM = `
  const { parentPort, workerData } = require('node:worker_threads');
  const addon = require('node-gyp-build')(workerData);
  const { SLOTS, SLOT_BYTES, MAX_RECEIVED, READY_CAPACITY, REPORT_WORDS, OPTION_WORDS } = addon;
  const [bytes, offsets, lengths] = [new Uint8Array(SLOTS * SLOT_BYTES), new Uint32Array(MAX_RECEIVED), new Uint32Array(MAX_RECEIVED)];
  const [sources, locals, ecn] = [24, 24, 1].map((size) => new Uint8Array(MAX_RECEIVED * size));
  const [ready, report] = [new Uint32Array(2 * READY_CAPACITY), new Uint32Array(REPORT_WORDS)];
  const loop = addon.start(bytes, offsets, lengths, sources, locals, ecn, new Float64Array(MAX_RECEIVED), ready, report, () => {
    const count = loop.receive(0);
    if (count > 0) loop.send(0, 0, count, bytes, offsets, lengths, sources, undefined);
  });
  const local = Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  const options = new Uint32Array(OPTION_WORDS);
  options[0] = 4;
  loop.open(0, options, local, undefined);
  loop.local(0, local);
  parentPort.on('message', () => process.exit(3));
  parentPort.postMessage(local[16] | (local[17] << 8));
`;

const isThere = process.env['RELAY_SOCKET_ENGINE'] !== 'dgram' && !(loadAddon() instanceof SocketError);

for (const end of isThere ? (['exits', 'is terminated'] as const) : []) {
  test(`a worker thread that ${end} releases its sockets`, () => expectGivenBack(end));
}

test('the addon loads in this process, or says why not', () => {
  const addon = loadAddon();
  expect(addon instanceof SocketError ? addon.code : 'loaded').toMatch(/^(?:engine-unavailable|loaded)$/);
});

async function expectGivenBack(end: 'exits' | 'is terminated'): Promise<void> {
  const workerData = fileURLToPath(new URL('..', import.meta.url));
  const program = PROGRAM.replace(
    "require('node-gyp-build')",
    `require(${JSON.stringify(require.resolve('node-gyp-build'))})`,
  );
  const worker = new Worker(program, { eval: true, workerData });
  const port = await new Promise<number>((resolve) => worker.once('message', resolve));
  const client = createSocket({ remote: { address: '127.0.0.1', port } });
  await client.open();
  const returning = new Promise<number>((resolve) => (client.onReceive = ({ count }) => resolve(count)));
  client.send(Uint8Array.of(1));
  expect(await returning).toBe(1);
  await client.close();
  if (end === 'exits') {
    const exited = new Promise<number>((resolve) => worker.once('exit', resolve));
    worker.postMessage('exit');
    expect(await exited).toBe(3);
  } else {
    await worker.terminate();
  }
  const successor = createSocket({ local: { address: '127.0.0.1', port } });
  await successor.open();
  await successor.close();
}
