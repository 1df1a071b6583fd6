import { existsSync, readFileSync, renameSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Application } from '../support/application.js';
import { Client } from '../support/client.js';
import { expectConserved, Ledger } from '../support/conservation.js';
import { DescriptorShortage, withDescriptors } from '../support/descriptors.js';
import { Echo } from '../support/echo.js';
import { ENGINES } from '../support/engines.js';
import { eventually } from '../support/eventually.js';
import { Folder } from '../support/folder.js';
import { startRelay } from '../support/relay.js';

/**
 * The promise holds for 10 s. Checks run each second, so three seconds show the effect of a
 * shortage on them.
 */
const HELD_MS = 3000;
const SOURCES = 20;
const ALLOW = ['127.0.0.0/8'];

/**
 * Sends questions, waits for each answer, and stops on demand. Resolves with the number of
 * questions.
 */
function stream(application: Application, port: number): { stop(): Promise<number> } {
  const over = new AbortController();
  const asked = (async () => {
    let count = 0;
    while (!over.signal.aborted) {
      const text = `question ${count++}`;
      await application.send(text, port);
      for (let answer: string | undefined; answer !== text;) {
        answer = (await application.receive())?.toString(); // first perhaps a late answer to an earlier question
        if (answer === undefined) throw new Error(`lost: ${text}`);
      }
    }
    return count;
  })();
  asked.catch(() => undefined); // for a test that fails before it asks
  return {
    stop: () => {
      over.abort();
      return asked;
    },
  };
}

describe.each(ENGINES)('a server without a free descriptor, engine %s', (engine) => {
  test('carries its open flows, refuses new flows with a reason, and does everything that its operator asks', async () => {
    await using echo = await Echo.open();
    using logs = new Folder();
    const flags = ['--log-dir', logs.path, '--metrics-interval', '1s'];
    await using relay = await startRelay({ engine, forwards: [`0=127.0.0.1:${echo.port}`], serverFlags: flags });
    const { server, client, folder } = relay;
    await using running = await Application.open();
    await running.askUntilAnswered(relay.port);
    const invitation = await server.invite('late', ALLOW);
    const ledger = await Ledger.open(relay);
    const streaming = stream(running, relay.port);

    const pid = server.program.process.pid ?? 0;
    const shortage = await DescriptorShortage.begin(pid);
    const endMs = performance.now() + HELD_MS;
    try {
      await server.program.line(/no file descriptors left: new flows are refused/, 'stderr');
      // Rotates the log as logrotate does. The program has to open a new file.
      const log = `${logs.path}/relay-${new Date().toISOString().slice(0, 10)}.log`;
      renameSync(log, `${log}.old`);

      const admin = folder.at('late.sock');
      const forwards = [`0=127.0.0.1:${echo.port}`];
      await using late = new Client({ invitation, admin, engine, forwards });
      await late.ready();
      await eventually(async () => expect((await server.sessions()).map(({ client: name }) => name)).toContain('late'));
      expect(await server.command('status', '--json')).toMatchObject({ code: 0 });
      expect(await server.command('reload')).toMatchObject({ code: 0, stdout: 'nothing has changed' });
      server.program.process.kill('SIGHUP');
      expect(await server.command('revoke', 'late')).toMatchObject({ code: 0, stdout: "client 'late' revoked" });
      await eventually(async () => expect(await server.sessions()).toHaveLength(1));
      await eventually(() => expect(existsSync(log) && readFileSync(log, 'utf8')).toContain('client revoked'));
      // Records go into the renamed file until the program has seen that it was renamed.
      expect(readFileSync(`${log}.old`, 'utf8') + readFileSync(log, 'utf8')).toMatch(/client connected.*late/);
      const { health } = await server.status();
      expect(health.memoryBytes).toBeGreaterThan(0);
      await eventually(() => expect(performance.now()).toBeGreaterThan(endMs));
    } finally {
      await shortage[Symbol.asyncDispose]();
    }
    await ledger.expectNothingLost(await streaming.stop());
    expect(server.program.hasEnded).toBe(false);
    await server.program.line(/there are file descriptors again/, 'stderr');
    expect((await server.stop()).code).toBe(0);
    expect(server.program.stderr).not.toMatch(/"level":"error"/);
    expect(client.program.hasEnded).toBe(false);
  });

  test('informs clients that it is overloaded, counts refused flows, and carries new flows after the shortage', async () => {
    await using echo = await Echo.open();
    await using relay = await startRelay({ engine, forwards: [`0=127.0.0.1:${echo.port}`] });
    const { server, client } = relay;
    await using running = await Application.open();
    await running.askUntilAnswered(relay.port);
    const streaming = stream(running, relay.port);
    await Application.withMany(SOURCES, async (applications) => {
      const shortage = await DescriptorShortage.begin(server.program.process.pid ?? 0);
      try {
        for (const application of applications) await application.send('from a new source', relay.port);
        await client.program.line(/the server will not carry a flow.*"reason":"overloaded"/, 'stderr');
        await eventually(async () => {
          const { flows, forward } = await server.status();
          // One or two of the lowest descriptors may have been free.
          const { overloaded = 0 } = forward.toTarget.drops;
          expect(flows - 1 + overloaded).toBe(SOURCES);
          expect(overloaded).toBeGreaterThan(SOURCES / 2);
        });
      } finally {
        await shortage[Symbol.asyncDispose]();
      }
      await Promise.all(applications.map((application) => application.askUntilAnswered(relay.port)));
    });
    await streaming.stop();
    await expectConserved(relay);
  });

  test('that starts with few descriptors carries as many flows as fit, reports that, and has room for the rest', async () => {
    await using echo = await Echo.open();
    const forwards = [`0=127.0.0.1:${echo.port}`];
    await using relay = await startRelay({ engine, forwards, serverThrough: withDescriptors(192) });
    const { server } = relay;
    const [warning] = await server.program.line(/.*maxFlows does not fit.*/, 'stderr');
    const { maxSockets = 0, maxFlows } = await server.status();
    expect(JSON.parse(warning)).toMatchObject({ level: 'warn', limit: 192, configured: 50_000, sockets: maxSockets });
    expect(maxFlows).toBe(engine === 'dgram' ? maxSockets : 50_000);
    expect(maxSockets).toBeGreaterThan(8);
    await Application.withMany(maxSockets + SOURCES, async (applications) => {
      // Flows that were answered once give way to new ones.
      for (const application of applications) await application.askUntilAnswered(relay.port);
      expect(await server.status()).toMatchObject({ flows: maxSockets, forward: { toTarget: { drops: {} } } });
      expect(await server.command('invite', 'another', '--public', '127.0.0.1:1')).toMatchObject({ code: 0 });
      expect(await server.command('revoke', 'another')).toMatchObject({ code: 0 });
    });
    await expectConserved(relay);
    expect(server.program.stderr).not.toContain('no file descriptors left');
  });
});
