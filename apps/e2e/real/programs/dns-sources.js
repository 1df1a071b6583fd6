/**
 * Asks a resolver on loopback for one name, each time from a new socket, as stub resolvers do:
 *
 *     node dns-sources.js PORT RATE SECONDS
 *
 * Prints how many questions were answered, with how many different ports, as one JSON line. A
 * question without an answer is not repeated.
 */
import { createSocket } from 'node:dgram';

const [port, rate, seconds] = process.argv.slice(2).map(Number);
const TOTAL = rate * seconds;
const PATIENCE_MS = 3_000;
const TICK_MS = 5;
/** The header of a question with one entry, the name real.test, type A, class IN. */
const QUESTION = Buffer.from('000001000001000000000000047265616c04746573740000010001', 'hex');

const ports = new Set();
const began = performance.now();
let asked = 0;
let answered = 0;
let open = 0;

const ticking = setInterval(() => {
  const due = Math.min(TOTAL, Math.floor(((performance.now() - began) / 1_000) * rate));
  while (asked < due) ask(asked++);
  if (asked === TOTAL) clearInterval(ticking);
}, TICK_MS);

function ask(number) {
  const socket = createSocket('udp4');
  open++;
  const end = () => {
    clearTimeout(patience);
    socket.close();
    open--;
    if (open === 0 && asked === TOTAL) report();
  };
  const patience = setTimeout(end, PATIENCE_MS);
  socket.on('error', end);
  socket.on('message', (answer) => {
    if (answer.readUInt16BE(0) !== number % 0x1_0000 || answer.readUInt16BE(6) !== 1) return;
    answered++;
    end();
  });
  const question = Buffer.from(QUESTION);
  question.writeUInt16BE(number % 0x1_0000, 0);
  socket.connect(port, '127.0.0.1', () => {
    ports.add(socket.address().port);
    socket.send(question);
  });
}

function report() {
  const took = ((performance.now() - began) / 1_000).toFixed(1);
  console.log(JSON.stringify({ asked, answered, ports: ports.size, seconds: Number(took) }));
}
