import { describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { isInstalled, runCommand } from '../support/command.js';
import { expectConserved } from '../support/conservation.js';
import { ENGINES } from '../support/engines.js';
import { freePort } from '../support/ports.js';
import { startRelay } from '../support/relay.js';
import { shared } from '../support/resources.js';
import { TcpPipe } from '../support/tcp-pipe.js';

const TARGET = '127.0.0.1';
/**
 * The address where the client listens. iperf3 uses one port for its TCP control connection, which
 * goes directly, and for its UDP stream.
 */
const LISTEN = '127.0.0.2';
const STREAMS = 4;
const STREAM = [
  '--udp',
  '--time',
  '1',
  '--bitrate',
  '2M',
  '--length',
  '1200',
  '--window',
  '2M',
  '--parallel',
  `${STREAMS}`,
];

const engines = isInstalled('iperf3') ? ENGINES : [];
if (engines.length === 0)
  test('the tests with iperf3 are left out, because it is not installed here', () => expect(engines).toEqual([]));

if (engines.length > 0)
  describe.each(engines)('iperf3 through a forward, engine %s', (engine) => {
    const opened = shared(async (keep) => {
      const port = await freePort();
      keep(await startIperf(port));
      keep(await TcpPipe.open(LISTEN, TARGET, port));
      const relay = keep(await startRelay({ engine, forwards: [`${LISTEN}:${port}=${TARGET}:${port}`] }));
      return { relay, port };
    });

    test.each([
      ['to the target', []],
      ['from the target', ['--reverse']],
    ])('gets %s whole and in order', async (_direction, flags) => {
      const { relay, port } = opened();
      const { end } = JSON.parse(
        await runCommand('iperf3', ['--client', LISTEN, '--port', `${port}`, '--json', ...STREAM, ...flags]),
      ) as IperfReport;
      expect(end.sum.packets).toBeGreaterThan(500);
      expect(end.sum.lost_packets).toBe(0);
      expect(end.streams.map(({ udp }) => udp.out_of_order)).toEqual(Array(STREAMS).fill(0));
      await expectConserved(relay);
      const { 'send-failed': afterItsEnd = 0, ...drops } = (await relay.server.status()).forward.toTarget.drops;
      expect(drops).toEqual({});
      // On a busy machine iperf3 closes its ports before the last datagram of each stream has come.
      expect(afterItsEnd).toBeLessThanOrEqual(STREAMS * 2);
    });
  });

interface IperfReport {
  readonly end: {
    readonly sum: { readonly packets: number; readonly lost_packets: number };
    readonly streams: readonly { readonly udp: { readonly out_of_order: number } }[];
  };
}

async function startIperf(port: number): Promise<AsyncDisposable> {
  const server = spawn('iperf3', ['--server', '--bind', TARGET, '--port', `${port}`, '--forceflush'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  for await (const line of createInterface({ input: server.stdout })) if (line.includes('listening')) break;
  server.stdout.resume();
  return {
    async [Symbol.asyncDispose]() {
      const ended = once(server, 'exit');
      server.kill('SIGKILL');
      await ended;
    },
  };
}
