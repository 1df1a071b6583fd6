import { describe, expect, test } from '@jest/globals';
import { Application } from '../support/application.js';
import { Echo } from '../support/echo.js';
import { ENGINES } from '../support/engines.js';
import { startRelay } from '../support/relay.js';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

describe.each(ENGINES)('with a session and flows, engine %s,', (engine) => {
  test.each(engine === 'dgram' ? SIGNALS : SIGNALS.slice(1))(
    '%s ends client and server with code 0, and the server learns that the client ended',
    async (signal) => {
      await using echo = await Echo.open();
      await using relay = await startRelay({ engine, forwards: [`0=127.0.0.1:${echo.port}`] });
      await using application = await Application.open();
      await application.askUntilAnswered(relay.port);
      const beginMs = performance.now();
      expect(await relay.client.stop(signal)).toMatchObject({ code: 0, signal: null });
      const clientMs = performance.now();
      await relay.server.program.line(/client disconnected.*"reason":"closed-by-peer"/, 'stderr');
      // Its flows wait ten seconds for it: packages/relay/test/shard/sessions.test.ts.
      expect(await relay.server.status()).toMatchObject({ sessions: 0, flows: 1 });
      const serverBeginMs = performance.now();
      expect(await relay.server.stop(signal)).toMatchObject({ code: 0, signal: null });
      const serverMs = performance.now() - serverBeginMs;
      console.info(
        `${engine}: ${signal} ended the client in ${(clientMs - beginMs).toFixed(0)} ms, the server in ${serverMs.toFixed(0)} ms`,
      );
    },
  );
});

test.each(SIGNALS)('a second %s ends a program at once', async (signal) => {
  await using relay = await startRelay({ engine: 'dgram', forwards: ['0=127.0.0.1:9'] });
  for (const { process, program } of [
    { process: relay.client.program.process, program: relay.client.program },
    { process: relay.server.program.process, program: relay.server.program },
  ]) {
    process.kill(signal);
    process.kill(signal);
    expect([0, 130, 143]).toContain((await program.finished()).code);
  }
});
