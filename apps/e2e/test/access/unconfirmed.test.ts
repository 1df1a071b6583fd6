import { existsSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Folder } from '../support/folder.js';
import { run, SERVER } from '../support/program.js';
import { Server } from '../support/server.js';

const PUBLIC = ['--public', '127.0.0.1:1'];

describe('a change of the clients by command', () => {
  test('that a running server does not confirm is made, and the command reports that and ends with 1', async () => {
    using folder = new Folder();
    await using server = await Server.start({ state: folder.path, engine: 'dgram' });
    await server.invite('ada', []);
    server.program.process.kill('SIGSTOP');
    const [invited, revoked] = await Promise.all([
      server.command('invite', 'eve', ...PUBLIC),
      server.command('revoke', 'ada'),
    ]);
    expect(invited).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^relay:\/\//),
      stderr: expect.stringMatching(/^relay-server: client 'eve' added, but the running server did not confirm: /),
    });
    expect(revoked).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^relay-server: client 'ada' removed, but the running server did not confirm: /),
    });
    expect(existsSync(folder.at('clients', 'eve.json'))).toBe(true);
    expect(existsSync(folder.at('clients', 'ada.json'))).toBe(false);
    server.program.process.kill('SIGCONT');
  });

  test('succeeds if no server runs, or if it runs no longer', async () => {
    using folder = new Folder();
    const state = ['--state', folder.path];
    expect(await run(SERVER, ['invite', 'ada', ...PUBLIC, ...state])).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^relay-server: made a server's key in [^\n]+$/),
    });
    const server = await Server.start({ state: folder.path, engine: 'dgram' });
    await server.stop('SIGKILL');
    expect(existsSync(folder.at('admin.sock'))).toBe(true);
    expect(await run(SERVER, ['revoke', 'ada', ...state])).toMatchObject({ code: 0, stderr: '' });
  });
});
