import { createSocket, isNativeAvailable, type ReceiveBatch, type SendBatch, type SocketOptions } from '@relay/socket';
import type { BenchmarkCase, BenchmarkOptions, Measurement } from '../case.js';

const DATAGRAM_BYTES = 1200;
/** As many datagrams as fit into one segmented send. */
const DATAGRAMS = 52;
const BATCHES_PER_TURN = 4;
const BUFFER_BYTES = 8 << 20;
const ROUNDS = 5;
const LOCALHOST = { address: '127.0.0.1', port: 0 };

/**
 * The cases of the layer `socket`. A load generator in C measures the proxies in this folder
 * (proxy.ts, plain-proxy.ts): see docs/performance.md.
 */
export const cases: readonly BenchmarkCase[] = [
  {
    name: 'socket/transfer/1200',
    run: transfer,
  },
];

/**
 * One connected socket sends to another in the same process. The result is the number of arrived
 * datagrams per second, with native without offload as the reference.
 */
async function transfer({ seconds }: BenchmarkOptions): Promise<Measurement[]> {
  const withoutOffload = { sendOffload: false, receiveOffload: false };
  const subjects: [string, SocketOptions][] = [['dgram', { engine: 'dgram' }]];
  if (isNativeAvailable()) {
    subjects.unshift(
      ['native without offload', { engine: 'native', ...withoutOffload }],
      ['native', { engine: 'native' }],
    );
  }
  const rates = subjects.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, [, options]] of subjects.entries()) rates[i]?.push(await rateOf(options, seconds / ROUNDS));
  }
  const medians = rates.map((list) => list.sort((a, b) => a - b)[list.length >> 1] ?? 0);
  return subjects.map(([subject], i) => {
    const value = medians[i] ?? 0;
    return { subject, value, unit: 'datagrams/s', ratio: value / (medians[0] ?? 1) };
  });
}

async function rateOf(options: SocketOptions, seconds: number): Promise<number> {
  await using receiver = createSocket({ ...options, local: LOCALHOST, receiveBufferBytes: BUFFER_BYTES });
  await receiver.open();
  await using sender = createSocket({ ...options, remote: receiver.local, sendBufferBytes: BUFFER_BYTES });
  await sender.open();
  const batch = patternBatch();

  let verified = 0;
  receiver.onReceive = (received) => (verified += verify(received, batch));
  for (let turn = 0; turn < 20; turn++) {
    sender.sendBatch(batch);
    await nextTurn();
  }
  while (verified < 20 * DATAGRAMS) await nextTurn();

  let arrived = 0;
  receiver.onReceive = ({ count }) => (arrived += count);
  const start = performance.now();
  const end = start + seconds * 1000;
  while (performance.now() < end) {
    for (let i = 0; i < BATCHES_PER_TURN; i++) sender.sendBatch(batch);
    await nextTurn();
  }
  return (arrived * 1000) / (performance.now() - start);
}

/** Makes datagrams whose bytes all show their datagram and position. */
function patternBatch(): SendBatch {
  const bytes = Uint8Array.from({ length: DATAGRAMS * DATAGRAM_BYTES }, (_, i) => {
    const number = Math.floor(i / DATAGRAM_BYTES);
    return i % DATAGRAM_BYTES === 0 ? number : (number * 7 + i * 13) & 0xff;
  });
  const lengths = new Uint32Array(DATAGRAMS).fill(DATAGRAM_BYTES);
  return { bytes, count: DATAGRAMS, offsets: lengths.map((length, i) => length * i), lengths };
}

/** Compares every byte. Returns the number of datagrams. */
function verify({ count, bytes, offsets, lengths }: ReceiveBatch, sent: SendBatch): number {
  for (let i = 0; i < count; i++) {
    const offset = offsets[i] ?? 0;
    const number = bytes[offset] ?? 0;
    const arrived = bytes.subarray(offset, offset + (lengths[i] ?? 0));
    const expected = sent.bytes.subarray(number * DATAGRAM_BYTES, (number + 1) * DATAGRAM_BYTES);
    if (Buffer.compare(arrived, expected) !== 0) throw new Error(`datagram ${number} arrived damaged`);
  }
  return count;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
