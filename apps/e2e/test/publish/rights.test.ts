import { describe, expect, test } from '@jest/globals';
import { Application } from '../support/application.js';
import { Client } from '../support/client.js';
import { expectConserved } from '../support/conservation.js';
import { Echo } from '../support/echo.js';
import { ENGINES } from '../support/engines.js';
import { eventually } from '../support/eventually.js';
import { Folder } from '../support/folder.js';
import { freePort, TakenPorts } from '../support/ports.js';
import { PublishFile } from '../support/publish-file.js';
import { PUBLISHABLE, startRelay } from '../support/relay.js';

/** How long ports are kept. */
const GRACE_MS = 1000;

describe.each(ENGINES)('a port of the server, engine %s,', (engine) => {
  test('is denied without the right, opens with an invitation that has it, and closes when that is revoked', async () => {
    await using echo = await Echo.open();
    const port = await freePort();
    await using relay = await startRelay({ engine, forwards: ['0=127.0.0.1:9'] });
    const { server } = relay;
    const asClient = (invitation: string, name: string): Client =>
      new Client({
        ...{ invitation, engine, admin: relay.folder.at(`${name}.sock`) },
        publishes: [`127.0.0.1:${port}=${echo.port}`],
      });
    await using denied = asClient(await server.invite('denied', [], [`${port + 1}`]), 'denied');
    await denied.program.line(
      new RegExp(`does not allow port ${port}: ask for an invitation made with --publish ${port}"`),
      'stderr',
    );
    expect(await server.status()).toMatchObject({ publishedPorts: 0 });

    await using client = asClient(await server.invite('allowed', [], [`${port}`]), 'allowed');
    await client.ready();
    await using visitor = await Application.open();
    expect((await visitor.exchange('open', port))?.toString()).toBe('open');

    expect(await server.command('revoke', 'allowed')).toMatchObject({ code: 0 });
    expect(await server.status()).toMatchObject({ publishedPorts: 0, visitors: 0 });
    await TakenPorts.allFree(port);
    await server.program.line(/"message":"closed".*"client":"allowed".*"cause":"revoked"/, 'stderr');
    expect(denied.program.stdout).toBe('');
    await expectConserved({ ...relay, client });
  });

  test('is kept for its client that is away, and another client gets it after the grace time', async () => {
    await using echo = await Echo.open();
    const port = await freePort();
    const publishes = [`127.0.0.1:${port}=${echo.port}`];
    await using relay = await startRelay({ engine, publishes, serverFlags: ['--publish-grace', `${GRACE_MS}ms`] });
    const { server } = relay;
    using folder = new Folder();
    const file = new PublishFile(folder.at('client.toml'));
    await using other = new Client({
      ...{ invitation: await server.invite('other', ['127.0.0.0/8'], PUBLISHABLE), engine },
      ...{ admin: folder.at('other.sock'), forwards: ['0=127.0.0.1:9'], flags: ['--config', file.path] },
    });
    await other.ready();
    const awayMs = performance.now();
    await relay.client.stop();
    await file.reload(other, ...publishes);
    await other.program.line(new RegExp(`port ${port} cannot be opened on the server`), 'stderr');
    await eventually(async () => expect((await other.status()).publishes).toMatchObject([{ state: 'open' }]));
    const takenMs = performance.now() - awayMs;
    console.info(`${engine}: another client has the port ${Math.round(takenMs)} ms after its client has left`);
    expect(takenMs).toBeGreaterThanOrEqual(GRACE_MS);
    await using visitor = await Application.open();
    expect((await visitor.exchange('to the other', port))?.toString()).toBe('to the other');
    await expectConserved({ ...relay, client: other });
  });
});
