import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** A local application that sends datagrams to a port of the client. */
export interface Application {
  readonly port: number;
  readonly replies: readonly { readonly payload: string; readonly from: number }[];
  send(payload: string, port: number): void;
  close(): Promise<void>;
}

export async function openApplication(): Promise<Application> {
  const socket = createSocket('udp4');
  const replies: { payload: string; from: number }[] = [];
  socket.on('message', (payload, { port }) => replies.push({ payload: payload.toString(), from: port }));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    replies,
    send: (payload, port) => socket.send(payload, port, '127.0.0.1'),
    close: async () => {
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
}
