import { describe, expect, test } from '@jest/globals';
import { Application } from '../support/application.js';
import { Client } from '../support/client.js';
import { expectConserved } from '../support/conservation.js';
import { Echo } from '../support/echo.js';
import { ENGINES } from '../support/engines.js';
import { eventually } from '../support/eventually.js';
import { startRelay } from '../support/relay.js';

describe.each(ENGINES)('an invitation of a running server, engine %s', (engine) => {
  test('works at once, and after its revocation its session ends and stays ended', async () => {
    await using echo = await Echo.open();
    const forwards = [`0=127.0.0.1:${echo.port}`];
    await using relay = await startRelay({ engine, forwards });
    const { server, client, invitation } = relay;
    await using application = await Application.open();
    await application.askUntilAnswered(relay.port);
    expect(await server.sessions()).toMatchObject([{ client: 'tester' }]);

    expect(await server.command('revoke', 'tester')).toMatchObject({ code: 0, stdout: "client 'tester' revoked" });
    expect(await server.sessions()).toEqual([]);
    expect(await server.status()).toMatchObject({ flows: 0 });
    await client.program.line(/"reason":"revoked"/, 'stderr');

    const { received } = echo;
    await application.send('too late', relay.port);
    await eventually(async () =>
      expect((await client.status()).forward.toTarget.drops).toMatchObject({ 'no-session': 1 }),
    );
    await using again = new Client({ invitation, admin: relay.folder.at('again.sock'), engine, forwards });
    await eventually(async () => expect((await server.status()).packets.drops['unknown-client']).toBeGreaterThan(0));
    await again.program.line(/no answer from the server.*was the invitation revoked/, 'stderr');
    expect(again.program.stdout).toBe('');
    expect(echo.received).toBe(received);
    await expectConserved(relay);
  });

  test('stays valid when another one is revoked', async () => {
    await using echo = await Echo.open();
    const forwards = [`0=127.0.0.1:${echo.port}`];
    await using relay = await startRelay({ engine, forwards });
    const { server } = relay;
    const invitation = await server.invite('other', ['127.0.0.0/8']);
    await using other = new Client({ invitation, admin: relay.folder.at('other.sock'), engine, forwards });
    await other.ready();
    const [before] = await server.sessions();
    await server.command('revoke', 'other');
    expect(await server.sessions()).toMatchObject([{ id: before?.id, client: 'tester' }]);
    await using application = await Application.open();
    await application.askUntilAnswered(relay.port);
    await expectConserved(relay);
  });
});
