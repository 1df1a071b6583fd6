import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { askAdmin, EXIT, type Flags } from '@relay/program';
import { parseInvitation } from '@relay/session';
import type { CommandModule } from 'yargs';
import { clientsCommand } from '../../src/commands/clients.js';
import { flowsCommand } from '../../src/commands/flows.js';
import { inviteCommand } from '../../src/commands/invite.js';
import { reloadCommand } from '../../src/commands/reload.js';
import { revokeCommand } from '../../src/commands/revoke.js';
import { sessionsCommand } from '../../src/commands/sessions.js';
import { startCommand } from '../../src/commands/start.js';
import { statusCommand } from '../../src/commands/status.js';
import { stopCommand } from '../../src/commands/stop.js';
import { captured } from '../support/captured.js';
import { Stage } from '../support/started.js';
import { until } from '../support/until.js';

const stage = new Stage();
const LOOPBACK = '127.0.0.1';

async function outputOf(command: CommandModule<object, Flags>, flags: Flags): Promise<string> {
  const { stdout } = await captured(async () => {
    await command.handler({ _: [], $0: '', ...flags });
  });
  return stdout;
}

describe('commands without a running server', () => {
  test('invite makes a client in the state folder, and revoke takes it back', async () => {
    const flags = { ...stage.flags(), public: 'relay.example:7000' };
    const invitation = (await outputOf(inviteCommand, { ...flags, name: 'ada', allow: ['10.0.0.0/8'] })).trim();
    expect(parseInvitation(invitation)).toMatchObject({ name: 'ada', host: 'relay.example', port: 7000 });
    const clients = JSON.parse(await outputOf(clientsCommand, { ...flags, json: true })) as unknown;
    expect(clients).toMatchObject([{ name: 'ada', allow: ['10.0.0.0/8'] }]);
    expect(await outputOf(clientsCommand, flags)).toMatch(/^ada +10\.0\.0\.0\/8 +never$/m);
    expect(await outputOf(revokeCommand, { ...flags, name: 'ada' })).toBe("client 'ada' revoked\n");
    expect(await outputOf(clientsCommand, flags)).toBe('no clients: relay-server invite NAME makes one\n');
  });

  test('clients names the files that cannot be used', async () => {
    const flags = stage.flags();
    await outputOf(inviteCommand, { ...flags, name: 'ada' });
    writeFileSync(join(flags['state'] as string, 'clients', 'bob.json'), '{');
    const { stdout, stderr } = await captured(async () => {
      await clientsCommand.handler({ _: [], $0: '', ...flags });
    });
    expect(stderr).toBe('relay-server: cannot use the client file bob.json: it is not JSON\n');
    expect(stdout).toMatch(/^ada /m);
  });

  test.each([
    ['status', statusCommand],
    ['sessions', sessionsCommand],
    ['flows', flowsCommand],
    ['reload', reloadCommand],
    ['stop', stopCommand],
  ])('%s says that none answers, and which option it needs where the socket is off', async (_name, command) => {
    const flags = stage.flags();
    await expect(outputOf(command, flags)).rejects.toMatchObject({ exitCode: EXIT.unreachable });
    await expect(outputOf(command, { ...flags, admin: 'off' })).rejects.toMatchObject({ exitCode: EXIT.usage });
  });

  test('invite needs no server that has an admin socket', async () => {
    const flags = { ...stage.flags(), admin: 'off' };
    expect(await outputOf(inviteCommand, { ...flags, name: 'ada' })).toMatch(/^relay:/);
    expect(await outputOf(revokeCommand, { ...flags, name: 'ada' })).toMatch(/revoked/);
  });
});

describe('commands about a running server', () => {
  test('show its status, sessions and flows, as lines and as JSON', async () => {
    const running = await stage.server();
    const echo = await stage.echo();
    const flags = { state: running.state.path };
    expect(await outputOf(sessionsCommand, flags)).toBe('no client is connected\n');
    expect(await outputOf(flowsCommand, flags)).toBe('no flows\n');
    const client = await stage.client(running, 'ada', { allow: [`${LOOPBACK}:${echo.port}`] });
    client.send({ address: LOOPBACK, port: echo.port }, 'x');
    await until(() => client.replies.length === 1);
    expect(await outputOf(statusCommand, flags)).toMatch(/^1 session {3}1 flow of at most \d+ {3}load /m);
    expect(JSON.parse(await outputOf(statusCommand, { ...flags, json: true }))).toMatchObject({ sessions: 1 });
    expect(await outputOf(sessionsCommand, flags)).toMatch(/ada +127\.0\.0\.1:/);
    expect(JSON.parse(await outputOf(sessionsCommand, { ...flags, json: true }))).toMatchObject([{ client: 'ada' }]);
    expect(await outputOf(flowsCommand, flags)).toMatch(/ada +127\.0\.0\.1:1000/);
    expect(JSON.parse(await outputOf(flowsCommand, { ...flags, json: true }))).toMatchObject([{ client: 'ada' }]);
  });

  test('tell it of clients that come and go, and let it read all again', async () => {
    const running = await stage.server();
    const flags = { state: running.state.path };
    const names = (): string[] => running.clients.list().map(({ name }) => name);
    await outputOf(inviteCommand, { ...flags, name: 'ada' });
    expect(names()).toEqual(['default', 'ada']);
    await outputOf(revokeCommand, { ...flags, name: 'ada' });
    expect(names()).toEqual(['default']);
    expect(await outputOf(reloadCommand, flags)).toBe('nothing has changed\n');
  });
});

describe('start', () => {
  test('says that it is ready, shows the first invitation once, and ends when it is stopped', async () => {
    const flags = stage.flags();
    const socket = join(flags['state'] as string, 'admin.sock');
    const run = async (): Promise<string> => {
      const { stdout } = await captured(async () => {
        const ended = startCommand.handler({ _: [], $0: '', ...flags });
        await until(() => existsSync(socket));
        await stopCommand.handler({ _: [], $0: '', ...flags });
        await ended;
      });
      return stdout;
    };
    const first = await run();
    expect(first).toMatch(/First start.*only once/);
    expect(first).toMatch(/relay-client --server 'relay:\/\/[^']+' --forward 5353=1\.1\.1\.1:53\n/);
    expect(first).toMatch(/^relay-server ready on 127\.0\.0\.1:\d+$/m);
    expect(first).toMatch(/^the server is stopping$/m);
    expect(existsSync(socket)).toBe(false);
    const second = await run();
    expect(second).toMatch(/^relay-server ready on 127\.0\.0\.1:\d+$/m);
    expect(second).not.toMatch(/First start/);
    await expect(askAdmin(socket, 'ping')).rejects.toMatchObject({ exitCode: EXIT.unreachable });
  });

  test('fails where the state folder cannot be used, and takes its signal handlers away', async () => {
    const flags = stage.flags();
    writeFileSync(flags['state'] as string, 'a file');
    const before = process.listenerCount('SIGTERM');
    await expect(outputOf(startCommand, flags)).rejects.toMatchObject({ exitCode: EXIT.failed });
    expect(process.listenerCount('SIGTERM')).toBe(before);
  });
});
