// Long runs on the built package, for which the tests have no time. usage: pnpm soak
// [idle|churn|drops] [native|dgram]
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { createSocket, isNativeAvailable } from '@relay/socket';

const LOCALHOST = { address: '127.0.0.1', port: 0 };
const SECONDS = 60;
const BYTES_PER_SECOND = 24_000_000;
const DATAGRAM_BYTES = 1200;

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc');

const [what, only] = process.argv.slice(2);
const engines = ['dgram', ...(isNativeAvailable() ? ['native'] : [])].filter((engine) => !only || engine === only);
const runs = { idle, churn, drops };
for (const [name, run] of Object.entries(runs)) {
  if (what && what !== name) continue;
  for (const engine of engines) console.log(`${name} ${engine}: ${await run(engine)}`);
}

/** Measures the cost of a socket that does nothing. */
async function idle(engine) {
  const count = 5000;
  await closeAll(await openMany(engine, 100));
  const before = await heapBytes();
  const sockets = await openMany(engine, count);
  const each = ((await heapBytes()) - before) / count;
  await closeAll(sockets);
  assert(each <= 2048, `${each} bytes of heap a socket`);
  return `${Math.round(each)} bytes of JavaScript heap a socket`;
}

/** Opens and closes 20,000 sockets, or as many as the process may have, five times. */
async function churn(engine) {
  const count = Math.min(20_000, softLimit() - 100);
  const descriptors = descriptorCount();
  const after = [];
  for (let round = 0; round < 6; round++) {
    await closeAll(await openMany(engine, count));
    after.push({ heap: await heapBytes(), resident: process.memoryUsage.rss() });
    assert.equal(descriptorCount(), descriptors);
  }
  // The first round warms up. Later rounds differ by memory that the collector has not freed yet.
  const [first, ...later] = after;
  const growth = (key) => Math.round((Math.min(...later.slice(2).map((round) => round[key])) - first[key]) / 1024);
  // The smallest leak would be one pointer per socket. The collector and the compiler keep less
  // than that.
  const leastLeakKib = (5 * count * 8) / 1024;
  assert(growth('heap') < leastLeakKib, `the heap grew by ${growth('heap')} KiB`);
  return `${count} sockets, 5 rounds after a first: heap ${growth('heap')} KiB, resident ${growth('resident')} KiB more, no descriptor left`;
}

/** Sends a steady stream to a receiver that pauses for a second now and then. */
async function drops(engine) {
  const receiver = createSocket({ engine, local: LOCALHOST, receiveBufferBytes: 1 << 20 });
  let received = 0;
  receiver.onReceive = ({ count }) => (received += count);
  await receiver.open();
  const workerData = {
    port: receiver.local.port,
    seconds: SECONDS,
    bytesPerSecond: BYTES_PER_SECOND,
    datagramBytes: DATAGRAM_BYTES,
  };
  const sender = new Worker(new URL('./soak-sender.js', import.meta.url), { workerData });
  const stops = setInterval(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000), 7000);
  const sent = await new Promise((resolve, reject) => sender.once('message', resolve).once('error', reject));
  clearInterval(stops);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const { kernelDrops } = receiver.statistics;
  await receiver.close();
  const megabytes = ((sent * DATAGRAM_BYTES) / SECONDS / 1e6).toFixed(1);
  if (kernelDrops === undefined)
    return `${megabytes} MB/s: sent ${sent}, received ${received}; this engine cannot know the rest`;
  assert(kernelDrops > 0, 'nothing was dropped: the run shows nothing');
  assert.equal(received + kernelDrops, sent);
  return `${megabytes} MB/s: sent ${sent} = received ${received} + dropped by the kernel ${kernelDrops}`;
}

async function openMany(engine, count) {
  const sockets = Array.from({ length: count }, () => createSocket({ engine, local: LOCALHOST }));
  for (const socket of sockets) await socket.open();
  return sockets;
}

async function closeAll(sockets) {
  await Promise.all(sockets.map((socket) => socket.close()));
}

async function heapBytes() {
  for (let i = 0; i < 5; i++) {
    collectGarbage();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().heapUsed;
}

function descriptorCount() {
  return readdirSync('/proc/self/fd').length;
}

function softLimit() {
  return Number(/Max open files +(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]);
}
