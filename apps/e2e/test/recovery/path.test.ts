import { describe, expect, test } from '@jest/globals';
import { Application } from '../support/application.js';
import { expectConserved } from '../support/conservation.js';
import { Echo } from '../support/echo.js';
import { ENGINES } from '../support/engines.js';
import { eventually } from '../support/eventually.js';
import { startRelayWithPath } from '../support/relay.js';

describe.each(ENGINES)('a session, engine %s', (engine) => {
  test('outlives a cut of its path, and then carries traffic again by itself', async () => {
    await using echo = await Echo.open();
    await using relay = await startRelayWithPath({ engine, forwards: [`0=127.0.0.1:${echo.port}`] });
    await using application = await Application.open();
    await application.askUntilAnswered(relay.port);
    const [before] = await relay.server.sessions();
    relay.path.cut();
    await application.send('lost in the cut', relay.port);
    await eventually(async () => expect((await relay.client.status()).state).toBe('path-lost'));
    relay.path.restore();
    const restoredMs = performance.now();
    await application.askUntilAnswered(relay.port);
    console.info(`${engine}: back ${Math.round(performance.now() - restoredMs)} ms after the path`);
    expect(relay.path.lost).toBeGreaterThan(0);
    expect(await relay.server.sessions()).toMatchObject([{ id: before?.id, flows: 1 }]);
    await relay.client.program.line(/the server answers again/, 'stderr');
    await expectConserved(relay);
  });

  // A firewall or a NAT may lose one direction while the other one works. This went unnoticed for 3
  // minutes.
  test.each(['to-server', 'to-client'] as const)(
    'notices that only its packets %s are lost, searches for its server, and recovers by itself',
    async (direction) => {
      await using echo = await Echo.open();
      await using relay = await startRelayWithPath({ engine, forwards: [`0=127.0.0.1:${echo.port}`] });
      await using application = await Application.open();
      await application.askUntilAnswered(relay.port);
      relay.path.cut(direction);
      const cutMs = performance.now();
      await eventually(async () => {
        await application.send('lost in the cut', relay.port);
        expect((await relay.client.status()).state).toBe('path-lost');
      });
      const noticedMs = performance.now() - cutMs;
      console.info(`${engine}: loss ${direction} noticed after ${Math.round(noticedMs)} ms`);
      expect(noticedMs).toBeLessThan(5 * 3000);
      await relay.client.program.line(/the server does not answer/, 'stderr');
      await eventually(async () => {
        await application.send('dropped, and counted', relay.port);
        expect((await relay.client.status()).forward.toTarget.drops).toHaveProperty('unreachable');
      });
      relay.path.restore();
      await application.askUntilAnswered(relay.port);
      await relay.client.program.line(/the server answers again/, 'stderr');
    },
  );

  test('follows its client to another address, without a new handshake and with all its flows', async () => {
    await using echo = await Echo.open();
    await using relay = await startRelayWithPath({ engine, forwards: [`0=127.0.0.1:${echo.port}`] });
    await using application = await Application.open();
    await application.askUntilAnswered(relay.port);
    const [before] = await relay.server.sessions();
    const { initiations } = relay.path;
    await relay.path.rebind();
    await application.askUntilAnswered(relay.port);
    const endpoint = `127.0.0.1:${relay.path.clientPort}`;
    expect(endpoint).not.toBe(before?.endpoint);
    expect(await relay.server.sessions()).toMatchObject([{ id: before?.id, endpoint, flows: 1 }]);
    expect(relay.path.initiations).toBe(initiations);
    expect(echo.sources.size).toBe(1);
    await expectConserved(relay);
  });
});
