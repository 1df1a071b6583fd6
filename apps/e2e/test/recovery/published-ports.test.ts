import { describe, expect, test } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { Application } from '../support/application.js';
import { expectConserved } from '../support/conservation.js';
import { Echo } from '../support/echo.js';
import { ENGINES } from '../support/engines.js';
import { startClientAgain, startRelayWithPath, startServerAgain } from '../support/relay.js';
import { shared } from '../support/resources.js';

/** Five times the second that is promised: other work may go on beside these processes. */
const FIVE_TIMES_MS = 5000;
const CUT_MS = 5000;

// The client has no traffic of its own: nothing but its visitors' datagrams and what the programs
// say to each other. The port is any one that the server chose, so that only its state can know it.
describe.each(ENGINES)('a published port is the same and is reached again soon, engine %s,', (engine) => {
  const opened = shared(async (keep) => {
    const echo = keep(await Echo.open());
    const relay = keep(await startRelayWithPath({ engine, publishes: [`127.0.0.1:0=${echo.port}`] }));
    const visitor = keep(await Application.open());
    await visitor.askUntilAnswered(relay.publicPort);
    return { echo, relay, visitor };
  });

  /** Asks until an answer comes, and says how long that takes from now on. */
  const expectBack = async (what: string): Promise<void> => {
    const { relay, visitor } = opened();
    const endedMs = performance.now();
    await visitor.askUntilAnswered(relay.publicPort);
    const backMs = performance.now() - endedMs;
    console.info(`${engine}: reached again ${Math.round(backMs)} ms after ${what}`);
    expect(backMs).toBeLessThan(FIVE_TIMES_MS);
    expect(await relay.client.publicPorts()).toEqual([relay.publicPort]);
    expect(await relay.client.status()).toMatchObject({ state: 'connected', flows: 0, visitors: 1 });
    expect(await relay.server.status()).toMatchObject({ sessions: 1, visitors: 1, publishedPorts: 1 });
    await expectConserved(relay);
  };

  test('after its server was killed and is back, and the service hears its visitor from the same port', async () => {
    const { echo, relay } = opened();
    expect(echo.sources.size).toBe(1);
    await relay.server.stop('SIGKILL');
    await startServerAgain(relay, engine);
    await expectBack('the start of the killed server');
    expect(echo.sources.size).toBe(1);
  });

  test('after its client was killed and is back, without a gap at the port itself', async () => {
    const { echo, relay } = opened();
    await relay.client.stop('SIGKILL');
    await startClientAgain(relay);
    await expectBack('the killed client is ready again');
    expect(echo.sources.size).toBe(2); // a new process has new sockets
    expect(relay.server.program.stderr).not.toContain('unpublished');
  });

  test('after the address of its client has changed', async () => {
    const { echo, relay } = opened();
    const { initiations } = relay.path;
    await relay.path.rebind();
    await expectBack('the change of the address');
    expect(await relay.server.sessions()).toMatchObject([{ endpoint: `127.0.0.1:${relay.path.clientPort}` }]);
    expect(relay.path.initiations).toBe(initiations);
    expect(echo.sources.size).toBe(2);
  });

  test(`after its path was cut for ${CUT_MS / 1000} s`, async () => {
    const { echo, relay, visitor } = opened();
    relay.path.cut();
    const cutMs = performance.now();
    while (performance.now() - cutMs < CUT_MS) {
      await visitor.send('lost in the cut', relay.publicPort);
      await delay(100);
    }
    relay.path.restore();
    await expectBack('the end of the cut');
    expect(relay.path.lost).toBeGreaterThan(0);
    expect(echo.sources.size).toBe(2);
  });
});
