import { readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Application } from '../support/application.js';
import { expectConserved } from '../support/conservation.js';
import { Echo } from '../support/echo.js';
import { ENGINES } from '../support/engines.js';
import { eventually } from '../support/eventually.js';
import { startRelay, startServerAgain } from '../support/relay.js';

const SIGNALS = ['SIGTERM', 'SIGKILL'] as const;
/** Five times the second that is promised: other work may go on beside these processes. */
const FIVE_TIMES_MS = 5000;

// rathole and playit stayed dead after their server was away for a while.
describe.each(ENGINES)('the server of a running client, engine %s', (engine) => {
  test.each(SIGNALS)(
    "carries the client's traffic by itself after it was ended with %s and started again",
    async (signal) => {
      await using echo = await Echo.open();
      await using relay = await startRelay({ engine, forwards: [`0=127.0.0.1:${echo.port}`] });
      await using application = await Application.open();
      await application.askUntilAnswered(relay.port);
      await relay.server.stop(signal);
      await startServerAgain(relay, engine);
      const startedMs = performance.now();
      await application.askUntilAnswered(relay.port);
      const backMs = performance.now() - startedMs;
      console.info(`${engine}: back ${Math.round(backMs)} ms after the server (${signal})`);
      expect(backMs).toBeLessThan(FIVE_TIMES_MS);
      expect(await relay.client.status()).toMatchObject({ state: 'connected', flows: 1 });
      expect(await relay.server.status()).toMatchObject({ sessions: 1, flows: 1 });
      await expectConserved(relay);
    },
  );

  test.each(SIGNALS)(
    'has a session of the idle client again soon after it was ended with %s and started again',
    async (signal) => {
      await using relay = await startRelay({ engine, forwards: ['0=127.0.0.1:9'] });
      await eventually(async () => expect(await relay.server.status()).toMatchObject({ sessions: 1 }));
      // So that the address is written; a server that ends in order has written it in any case.
      await eventually(() => {
        expect(readdirSync(relay.server.state)).toContain('proven-addresses');
        return Promise.resolve();
      });
      await relay.server.stop(signal);
      await startServerAgain(relay, engine);
      const startedMs = performance.now();
      await relay.client.program.lines(/"connected"/, 2, 'stderr');
      await eventually(async () => expect(await relay.server.status()).toMatchObject({ sessions: 1 }));
      const backMs = performance.now() - startedMs;
      console.info(`${engine}: the idle client is back ${Math.round(backMs)} ms after the server (${signal})`);
      expect(backMs).toBeLessThan(FIVE_TIMES_MS);
    },
  );

  test('admits a client that started before the server', async () => {
    await using echo = await Echo.open();
    await using relay = await startRelay({ engine, forwards: [`0=127.0.0.1:${echo.port}`] });
    await relay.server.stop();
    await relay.client.program.line(/disconnected/, 'stderr');
    await using application = await Application.open();
    await application.send('nobody carries this', relay.port);
    await startServerAgain(relay, engine);
    await application.askUntilAnswered(relay.port);
    await expectConserved(relay);
    expect((await relay.client.status()).forward.toTarget.drops).toMatchObject({ 'no-session': expect.any(Number) });
  });
});
