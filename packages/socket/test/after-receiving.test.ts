import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from '@jest/globals';
import { afterReceiving, type UdpSocket } from '../src/index.js';
import { kernelEngines } from './engines.js';
import { LOCALHOST } from './exchange.js';

const run = promisify(execFile);

describe.each(kernelEngines)('a call after receiving, on the engine $engine', ({ engine, create }) => {
  const opened: UdpSocket[] = [];
  afterAll(async () => {
    await Promise.all(opened.map((socket) => socket.close()));
  });

  async function open(): Promise<UdpSocket> {
    const socket = create({ local: LOCALHOST });
    await socket.open();
    opened.push(socket);
    return socket;
  }

  /** Runs this for the sockets 0, 1 and 2 when each receives a datagram in the same turn. */
  async function inOneTurn(received: (number: number) => void): Promise<void> {
    const sockets = await Promise.all([open(), open(), open()]);
    const sender = await open();
    let left = sockets.length;
    await new Promise<void>((resolve) => {
      sockets.forEach((socket, number) => {
        socket.onReceive = () => {
          received(number);
          if (--left === 0) setImmediate(() => setImmediate(resolve));
        };
        sender.send(Uint8Array.of(1), socket.local);
      });
    });
  }

  test('comes when all sockets that are ready have delivered, once for each request', async () => {
    const calls: string[] = [];
    await inOneTurn((number) => {
      calls.push('received');
      if (number !== 1) afterReceiving(() => calls.push('after'));
    });
    expect(calls).toEqual(['received', 'received', 'received', 'after', 'after']);
  });

  test('does not come once it is cancelled', async () => {
    const calls: string[] = [];
    await inOneTurn((number) => {
      const cancel = afterReceiving(() => calls.push(`after ${number}`));
      if (number === 1) cancel();
    });
    expect(calls.sort()).toEqual(['after 0', 'after 2']);
  });

  test('may be asked for again from within, and comes in a later turn', async () => {
    const calls: string[] = [];
    await inOneTurn((number) => {
      if (number !== 2) return;
      afterReceiving(() => {
        afterReceiving(() => calls.push('second'));
        calls.push('first');
      });
    });
    expect(calls).toEqual(['first', 'second']);
  });

  test('comes without any socket that receives', async () => {
    const calls: string[] = [];
    afterReceiving(() => calls.push('cancelled'))();
    await new Promise<void>((resolve) => afterReceiving(resolve));
    expect(calls).toEqual([]);
  });

  test('ends the process with the error that it throws, after the others had their call', async () => {
    const program = `
      import { afterReceiving, createSocket } from '@relay/socket';
      const socket = createSocket({ engine: '${engine}', local: { address: '127.0.0.1', port: 0 } });
      await socket.open();
      socket.onReceive = () => {
        afterReceiving(() => { throw new Error('thrown'); });
        afterReceiving(() => console.log('called'));
      };
      process.on('uncaughtException', (error) => { console.log(error.message); void socket.close(); });
      socket.send(Uint8Array.of(1), socket.local);`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program]);
    expect(stdout.trim().split('\n').sort()).toEqual(['called', 'thrown']);
  });

  if (engine === 'native')
    test('comes before the event loop goes on', async () => {
      const calls: string[] = [];
      await inOneTurn((number) => {
        process.nextTick(() => calls.push('next tick'));
        if (number === 0) afterReceiving(() => calls.push('after'));
      });
      expect(calls).toEqual(['after', 'next tick', 'next tick', 'next tick']);
    });
});
