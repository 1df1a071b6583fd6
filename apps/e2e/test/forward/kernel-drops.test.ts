// A program that gets no processor time does not read its sockets, and the kernel drops what has no
// room in their buffers. What is dropped like that is counted as every other drop.
import { platform } from 'node:os';
import { describe, expect, test } from '@jest/globals';
import { Application } from '../support/application.js';
import { expectConserved } from '../support/conservation.js';
import { ENGINES } from '../support/engines.js';
import { eventually } from '../support/eventually.js';
import type { RunningProgram } from '../support/program.js';
import { startRelay } from '../support/relay.js';
import { Service, type Heard } from '../support/service.js';

const SENT = 300;
const PAYLOAD = 'x'.repeat(500);
const SMALL_BUFFERS = ['--receive-buffer', '4KiB', '--flow-buffer', '4KiB'];

/** The program does not run while `work` does. */
async function whileStopped({ process }: RunningProgram, work: () => Promise<void>): Promise<void> {
  process.kill('SIGSTOP');
  try {
    await work();
  } finally {
    process.kill('SIGCONT');
  }
}

const engines = platform() === 'linux' ? ENGINES : [];
if (engines.length === 0)
  test('the tests of kernel drops are left out, because only Linux counts them', () => expect(engines).toEqual([]));

if (engines.length > 0)
  describe.each(engines)('datagrams that the kernel drops, engine %s,', (engine) => {
    test('are counted at the ports of a forward, and told in the log', async () => {
      await using service = await Service.open(() => undefined);
      await using relay = await startRelay({ engine, forwards: [`0=${service.endpoint}`], clientFlags: SMALL_BUFFERS });
      await using application = await Application.open();
      await whileStopped(relay.client.program, async () => {
        for (let i = 0; i < SENT; i++) await application.send(PAYLOAD, relay.port);
      });
      await eventually(async () => {
        const { toTarget } = (await relay.client.status()).forward;
        expect(toTarget.inDatagrams).toBe(SENT);
        expect(toTarget.drops['kernel-buffer-full']).toBeGreaterThan(0);
      });
      await relay.client.program.line(/the kernel dropped datagrams/, 'stderr');
      await expectConserved(relay);
    });

    test('are counted at the socket of a flow', async () => {
      await using service = await Service.open((_heard, reply) => {
        for (let i = 0; i < SENT; i++) reply(PAYLOAD);
      });
      await using relay = await startRelay({ engine, forwards: [`0=${service.endpoint}`], serverFlags: SMALL_BUFFERS });
      await using application = await Application.open();
      await application.send('first', relay.port);
      await eventually(async () => {
        expect((await relay.server.status()).forward.fromTarget.inDatagrams).toBe(SENT);
      });
      await whileStopped(relay.server.program, async () => {
        const [{ from }] = service.heard as [Heard];
        for (let i = 0; i < SENT; i++) await service.send(PAYLOAD, from);
      });
      await eventually(async () => {
        const { fromTarget } = (await relay.server.status()).forward;
        expect(fromTarget.inDatagrams).toBe(2 * SENT);
        expect(fromTarget.drops['kernel-buffer-full']).toBeGreaterThan(0);
      });
      await expectConserved(relay);
    });

    test('are counted at the socket to the peer', async () => {
      await using service = await Service.open(() => undefined);
      await using relay = await startRelay({ engine, forwards: [`0=${service.endpoint}`], serverFlags: SMALL_BUFFERS });
      await using application = await Application.open();
      await whileStopped(relay.server.program, async () => {
        for (let i = 0; i < SENT; i++) await application.send(PAYLOAD, relay.port);
        await eventually(async () => {
          expect((await relay.client.status()).forward.toTarget.outDatagrams).toBe(SENT);
        });
      });
      await eventually(async () => {
        expect((await relay.server.status()).packets.drops['kernel-buffer-full']).toBeGreaterThan(0);
      });
    });
  });
