// A forward that leads to itself, or a published service that is its own public port: each datagram
// comes back as one of a new source, and would do so until no flow is left for anybody.
import { describe, expect, test } from '@jest/globals';
import { Application } from '../support/application.js';
import { expectConserved } from '../support/conservation.js';
import { Echo } from '../support/echo.js';
import { ENGINES } from '../support/engines.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/ports.js';
import { startRelay } from '../support/relay.js';

/** More flows than a loop gets, and far less than there may be. */
const FEW = 10;

describe.each(ENGINES)('a loop, engine %s,', (engine) => {
  test('of a forward to its own port ends after a few flows, is counted and told, and others go on', async () => {
    await using echo = await Echo.open();
    const port = await freePort();
    await using relay = await startRelay({
      engine,
      forwards: [`${port}=127.0.0.1:${port}`, `0=127.0.0.1:${echo.port}`],
    });
    await using application = await Application.open();
    await application.send('round', port);
    await eventually(async () => {
      expect((await relay.server.status()).forward.toTarget.drops.loop).toBe(1);
    });
    expect((await relay.server.status()).flows).toBeLessThan(FEW);
    await relay.server.program.line(new RegExp(`come back as new sources.*127\\.0\\.0\\.1:${port}`), 'stderr');
    await application.askUntilAnswered(relay.ports[1] ?? 0);
    await expectConserved(relay);
  });

  test('of a chain of forwards that leads nowhere near itself is none', async () => {
    await using echo = await Echo.open();
    const [first, second] = [await freePort(), await freePort()];
    const forwards = [`${first}=127.0.0.1:${second}`, `${second}=127.0.0.1:${echo.port}`];
    await using relay = await startRelay({ engine, forwards });
    await using application = await Application.open();
    expect((await application.exchange('chained', first))?.toString()).toBe('chained');
    expect((await relay.server.status()).forward.toTarget.drops.loop).toBeUndefined();
  });

  test('of a service that is its own public port ends after a few flows, is counted and told', async () => {
    const port = await freePort();
    await using relay = await startRelay({
      engine,
      publishes: [`127.0.0.1:${port}=127.0.0.1:${port}`],
      publish: [`${port}`],
    });
    await using visitor = await Application.open();
    await visitor.send('round', port);
    await eventually(async () => {
      expect((await relay.client.status()).publish.toTarget.drops.loop).toBe(1);
    });
    expect((await relay.client.status()).visitors).toBeLessThan(FEW);
    await relay.client.program.line(new RegExp(`come back as new sources.*127\\.0\\.0\\.1:${port}`), 'stderr');
  });
});
