/**
 * Several visitors of an echo, who send at a steady pace, each from one port, for a time:
 *
 *     node visitors.js ADDRESS PORT VISITORS RATE SECONDS
 *
 * Says `all answered` once each has had an answer, and begins when a line comes on stdin. Prints
 * how many datagrams were sent and how many came back, as one JSON line, and waits for the next
 * line.
 */
import { createSocket } from 'node:dgram';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

const [address, ...numbers] = process.argv.slice(2);
const [port, count, rate, seconds] = numbers.map(Number);
const PATIENCE_MS = 3_000;
const TICK_MS = 5;

const figures = { sent: 0, back: 0 };
const sockets = Array.from({ length: count }, () => createSocket('udp4'));
const heard = new Set();
for (const socket of sockets)
  socket.on('message', () => {
    figures.back++;
    heard.add(socket);
  });
// Each sends again after its first answer: its flow is one that both sides use.
for (let pass = 0; pass < 2; pass++) {
  heard.clear();
  while (heard.size < count) {
    for (const socket of sockets) if (!heard.has(socket)) socket.send('open', port, address);
    await delay(100);
  }
}
console.log('all answered');

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
while ((await lines.next()).done !== true) {
  Object.assign(figures, { sent: 0, back: 0 });
  const began = performance.now();
  while (figures.sent < rate * seconds * count) {
    const due = Math.min(1, (performance.now() - began) / 1_000 / seconds) * rate * seconds;
    while (figures.sent < Math.floor(due) * count)
      for (const socket of sockets) {
        socket.send('go on', port, address);
        figures.sent++;
      }
    await delay(TICK_MS);
  }
  await delay(PATIENCE_MS);
  console.log(JSON.stringify(figures));
}
for (const socket of sockets) socket.close();
