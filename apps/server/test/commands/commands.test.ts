import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { askAdmin, EXIT, startCommand, type Flags } from '@relay/program';
import { parseInvitation } from '@relay/session';
import { readClients } from '../../src/state/client-files.js';
import { serverPlace } from '../../src/place.js';
import { serverProgram, serverVerbs } from '../../src/program.js';
import { captured } from '../support/captured.js';
import { logRecords } from '../support/log-records.js';
import { Stage } from '../support/started.js';
import { until } from '../support/until.js';

const stage = new Stage();
const LOOPBACK = '127.0.0.1';

/** Runs `start`, or the command of a verb. */
async function run(name: string, flags: Flags): Promise<void> {
  const command =
    name === 'start'
      ? startCommand(serverProgram)
      : serverVerbs.find((verb) => verb.name === name)?.command(serverPlace);
  if (command === undefined) throw new Error(`there is no command ${name}`);
  await command.run?.(flags);
}

const outputOf = async (name: string, flags: Flags): Promise<string> => (await captured(() => run(name, flags))).stdout;

/** Runs a server until it is stopped, and returns what it and the command wrote. */
async function startAndStop(flags: Flags, isTerminal: boolean): Promise<{ stdout: string; stderr: string }> {
  const socket = join(flags['state'] as string, 'admin.sock');
  return captured(
    async () => {
      const ended = run('start', flags);
      await until(() => existsSync(socket));
      await run('stop', flags);
      await ended;
    },
    { isTerminal },
  );
}

describe('commands without a running server', () => {
  test('invite makes a client in the state folder, and revoke takes it back', async () => {
    const flags = { ...stage.flags(), public: 'relay.example:7000' };
    const invitation = (
      await outputOf('invite', { ...flags, name: 'ada', allow: ['10.0.0.0/8'], publish: ['53,9000-9010'] })
    ).trim();
    expect(parseInvitation(invitation)).toMatchObject({ name: 'ada', host: 'relay.example', port: 7000 });
    const clients = JSON.parse(await outputOf('clients', { ...flags, json: true })) as unknown;
    expect(clients).toMatchObject([{ name: 'ada', allow: ['10.0.0.0/8'], publish: ['53,9000-9010'] }]);
    expect(await outputOf('clients', flags)).toMatch(/^ada +10\.0\.0\.0\/8 +53,9000-9010 +never$/m);
    expect(await outputOf('revoke', { ...flags, name: ['ada'] })).toBe("client 'ada' revoked\n");
    expect(await outputOf('clients', flags)).toBe('no clients: relay-server invite NAME makes one\n');
  });

  test('clients names the files that cannot be used', async () => {
    const flags = stage.flags();
    await outputOf('invite', { ...flags, name: 'ada' });
    writeFileSync(join(flags['state'] as string, 'clients', 'bob.json'), '{');
    const { stdout, stderr } = await captured(() => run('clients', flags));
    expect(stderr).toBe('relay-server: cannot use the client file bob.json: it is not JSON\n');
    expect(stdout).toMatch(/^ada /m);
  });

  test.each(['status', 'sessions', 'flows', 'kick', 'reload', 'log', 'stop'])(
    '%s says that none answers, and which option it needs where the socket is off',
    async (name) => {
      const flags = stage.flags({ session: '1', level: 'info' });
      await expect(outputOf(name, flags)).rejects.toMatchObject({ exitCode: EXIT.unreachable });
      await expect(outputOf(name, { ...flags, admin: 'off' })).rejects.toMatchObject({ exitCode: EXIT.usage });
    },
  );

  test('kick takes the number of any session, and nothing larger', async () => {
    const kick = (session: string): Promise<string> => outputOf('kick', stage.flags({ session }));
    await expect(kick('4294967295')).rejects.toMatchObject({ exitCode: EXIT.unreachable });
    await expect(kick('4294967296')).rejects.toMatchObject({ exitCode: EXIT.usage });
  });

  test.each(['invite', 'revoke'])('%s needs the name of a client', async (name) => {
    await expect(outputOf(name, stage.flags())).rejects.toMatchObject({ exitCode: EXIT.usage });
  });

  test('invite needs no server that has an admin socket', async () => {
    const flags = { ...stage.flags(), admin: 'off' };
    expect(await outputOf('invite', { ...flags, name: 'ada' })).toMatch(/^relay:/);
    expect(await outputOf('revoke', { ...flags, name: 'ada' })).toMatch(/revoked/);
  });
});

describe('commands about a running server', () => {
  test('show its status, sessions and flows, as lines and as JSON', async () => {
    const running = await stage.server();
    const echo = await stage.echo();
    const flags = { state: running.own.state.path };
    expect(await outputOf('sessions', flags)).toBe('no client is connected\n');
    expect(await outputOf('flows', flags)).toBe('no flows\n');
    const client = await stage.client(running, 'ada', { allow: [`${LOOPBACK}:${echo.port}`] });
    client.send({ address: LOOPBACK, port: echo.port }, 'x');
    await until(() => client.replies.length === 1);
    expect(await outputOf('status', flags)).toMatch(/^1 session {3}1 flow of at most \d+ {3}load /m);
    expect(JSON.parse(await outputOf('status', { ...flags, json: true }))).toMatchObject({ sessions: 1 });
    expect(await outputOf('sessions', flags)).toMatch(/ada +127\.0\.0\.1:/);
    expect(JSON.parse(await outputOf('sessions', { ...flags, json: true }))).toMatchObject([{ client: 'ada' }]);
    expect(await outputOf('flows', flags)).toMatch(/ada +forward +127\.0\.0\.1:1000/);
    expect(JSON.parse(await outputOf('flows', { ...flags, json: true }))).toMatchObject([{ client: 'ada' }]);
  });

  test('make it read clients that come and go, and let it read all again', async () => {
    const running = await stage.server();
    const flags = { state: running.own.state.path };
    const names = (): string[] => running.own.clients.list().map(({ name }) => name);
    await outputOf('invite', { ...flags, name: 'ada' });
    expect(names()).toEqual(['ada', 'default']);
    await outputOf('revoke', { ...flags, name: 'ada' });
    expect(names()).toEqual(['default']);
    expect(await outputOf('reload', flags)).toBe('nothing has changed\n');
  });
});

describe('start', () => {
  test('says that it is ready, shows the first invitation once, and ends when it is stopped', async () => {
    const flags = stage.flags();
    const socket = join(flags['state'] as string, 'admin.sock');
    const { stdout: first } = await startAndStop(flags, true);
    expect(first).toMatch(/First start.*only once/);
    expect(first).toMatch(/RELAY_SERVER='relay:\/\/[^']+' relay-client --forward 5353=1\.1\.1\.1:53\n/);
    expect(first).toMatch(/^relay-server ready on 127\.0\.0\.1:\d+$/m);
    expect(first).toMatch(/^the server is stopping$/m);
    expect(existsSync(socket)).toBe(false);
    const { stdout: second } = await startAndStop(flags, true);
    expect(second).toMatch(/^relay-server ready on 127\.0\.0\.1:\d+$/m);
    expect(second).not.toMatch(/First start/);
    await expect(askAdmin(socket, 'ping')).rejects.toMatchObject({ exitCode: EXIT.unreachable });
  });

  test('on no terminal writes nothing but that it is ready, and says how to invite somebody in its log', async () => {
    const logDir = stage.newPath();
    const flags = stage.flags({ 'log-level': 'info', 'log-dir': logDir });
    const { stdout } = await startAndStop(flags, false);
    expect(stdout).toMatch(/^relay-server ready on 127\.0\.0\.1:\d+\nthe server is stopping\n$/);
    const state = flags['state'] as string;
    const message = `nobody is invited yet: relay-server invite NAME --state ${state} makes an invitation`;
    expect(logRecords(logDir, 'relay')).toContainEqual(expect.objectContaining({ level: 'info', message }));
    expect(JSON.stringify(logRecords(logDir, 'relay'))).not.toContain('relay://');
    expect(readClients(state).records).toEqual([]);
  });

  test('fails where the state folder cannot be used, and takes its signal handlers away', async () => {
    const flags = stage.flags();
    writeFileSync(flags['state'] as string, 'a file');
    const before = process.listenerCount('SIGTERM');
    await expect(outputOf('start', flags)).rejects.toMatchObject({ exitCode: EXIT.failed });
    expect(process.listenerCount('SIGTERM')).toBe(before);
  });
});
