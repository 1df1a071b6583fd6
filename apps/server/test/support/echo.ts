import { createSocket } from 'node:dgram';
import { once } from 'node:events';

export interface Echo {
  readonly port: number;
  close(): Promise<void>;
}

/** A target on loopback that sends back whatever comes. */
export async function openEcho(): Promise<Echo> {
  const socket = createSocket('udp4');
  socket.on('message', (payload, { address, port }) => socket.send(payload, port, address));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  let isClosed = false;
  const closed = once(socket, 'close');
  return {
    port: socket.address().port,
    close: async () => {
      if (!isClosed) socket.close();
      isClosed = true;
      await closed;
    },
  };
}
