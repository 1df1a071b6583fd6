/**
 * Answers each datagram with the same bytes, over IPv4 and IPv6:
 *
 *     node echo.js PORT
 *
 * Prints each source port that it has not seen before.
 */
import { createSocket } from 'node:dgram';

const port = Number(process.argv[2]);
const ports = new Set();
const socket = createSocket('udp6');
socket.on('message', (message, source) => {
  socket.send(message, source.port, source.address);
  if (ports.has(source.port)) return;
  ports.add(source.port);
  console.log(`source port ${source.port}`);
});
socket.bind(port, () => console.log(`listens on ${port}`));
