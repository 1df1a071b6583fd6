/**
 * Sends datagrams of one size from one socket to an echo, each after the answer to the one before:
 *
 *     node ask-one-by-one.js ADDRESS PORT BYTES COUNT
 *
 * Prints, as one JSON line, how many came back. A datagram that has not come back after a second is
 * lost.
 */
import { createSocket } from 'node:dgram';

const [address, ...numbers] = process.argv.slice(2);
const [port, bytes, count] = numbers.map(Number);
const PATIENCE_MS = 1_000;

const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
let answered = 0;
for (let number = 0; number < count; number++) if (await returns(number)) answered++;
socket.close();
console.log(JSON.stringify({ answered }));

function returns(number) {
  const datagram = Buffer.alloc(bytes, number % 256);
  return new Promise((resolve) => {
    const end = (isBack) => {
      clearTimeout(patience);
      socket.off('message', hear);
      resolve(isBack);
    };
    const hear = (message) => message.equals(datagram) && end(true);
    const patience = setTimeout(() => end(false), PATIENCE_MS);
    socket.on('message', hear);
    socket.send(datagram, port, address);
  });
}
