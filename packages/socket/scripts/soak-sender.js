// Sends datagrams at a rate from its own thread. Reports how many the kernel took.
import { parentPort, workerData } from 'node:worker_threads';
import { createSocket } from '@relay/socket';

const { port, seconds, bytesPerSecond, datagramBytes } = workerData;
const BATCH = 32;

// There is no offload, because the kernel counts a dropped run as one datagram.
const socket = createSocket({ remote: { address: '127.0.0.1', port }, sendOffload: false });
await socket.open();
const batch = {
  bytes: new Uint8Array(datagramBytes),
  count: BATCH,
  offsets: new Uint32Array(BATCH),
  lengths: new Uint32Array(BATCH).fill(datagramBytes),
};
const start = performance.now();
let batches = 0;
for (;;) {
  const elapsed = (performance.now() - start) / 1000;
  if (elapsed >= seconds) break;
  while (batches * BATCH * datagramBytes < elapsed * bytesPerSecond) {
    socket.sendBatch(batch);
    batches++;
  }
  await new Promise((resolve) => setTimeout(resolve, 1));
}
await socket.close();
parentPort?.postMessage(socket.statistics.sentDatagrams);
