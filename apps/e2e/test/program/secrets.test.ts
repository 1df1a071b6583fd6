import { expect, test } from '@jest/globals';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseInvitation } from '@relay/session';
import { Application } from '../support/application.js';
import { Echo } from '../support/echo.js';
import { Folder } from '../support/folder.js';
import { CLIENT, run, SERVER } from '../support/program.js';
import { eventually } from '../support/eventually.js';
import { startRelay } from '../support/relay.js';
import { Server } from '../support/server.js';
import { Terminal } from '../support/terminal.js';

const OWNER_ONLY = 0o600;

test('programs print and log no private key, even at level trace', async () => {
  await using echo = await Echo.open();
  using logs = new Folder();
  const verbose = ['--log-level', 'trace', '--log-dir', logs.path];
  await using relay = await startRelay({
    engine: 'dgram',
    forwards: [`0=127.0.0.1:${echo.port}`],
    serverFlags: verbose,
    clientFlags: ['--log-level', 'trace'],
  });
  await using application = await Application.open();
  await application.askUntilAnswered(relay.port);
  const asked = [
    await relay.server.command('status'),
    await relay.server.command('sessions', '--json'),
    await relay.server.command('clients', '--json'),
  ];
  const ended = [await relay.client.stop(), await relay.server.stop()];
  const files = readdirSync(logs.path, { recursive: true, encoding: 'utf8' }).map((file) => join(logs.path, file));
  const said = [...asked, ...ended].flatMap(({ stdout, stderr }) => [stdout, stderr]);
  const written = files.filter((file) => statSync(file).isFile()).map((file) => readFileSync(file, 'latin1'));
  expect(written.join('')).toContain('client connected');
  const everything = [...said, ...written].join('\n');
  for (const secret of secretsOf(relay.server.state, relay.invitation)) expect(everything).not.toContain(secret);
});

test('an invitation is hidden in the shown configuration, and in the report of a wrong one', async () => {
  const key = Buffer.alloc(32, 7).toString('base64url');
  const environment = { RELAY_SERVER: `relay://${key}@example.com:1?server=${key}&name=x` };
  for (const args of [
    ['config', 'show'],
    ['config', 'show', '--sources'],
    ['--forward', 'wrong'],
  ]) {
    const { stdout, stderr } = await run(CLIENT, args, { environment });
    expect(stdout + stderr).not.toContain(key);
  }
  const { stderr } = await run(CLIENT, ['--server', `${environment.RELAY_SERVER}&x`, '--forward', '0=127.0.0.1:9']);
  expect(stderr).toContain('(hidden)');
  expect(stderr).not.toContain(key);
});

test('keys, clients and admin sockets belong to their owner alone', async () => {
  await using relay = await startRelay({ engine: 'dgram', forwards: ['0=127.0.0.1:9'] });
  const { state } = relay.server;
  const secret = ['server.key', 'proven-addresses', 'admin.sock', 'clients/tester.json'].map((file) =>
    join(state, file),
  );
  // The server writes some of them only after the client has proven itself.
  for (const file of [...secret, relay.client.admin])
    await eventually(() => expect([file, statSync(file).mode & 0o777]).toEqual([file, OWNER_ONLY]));
  for (const folder of [state, join(state, 'clients')]) expect(statSync(folder).mode & 0o077).toBe(0);
});

test('the first start makes a key, and an invitation on a terminal; a later start keeps the key and shows no secret', async () => {
  using folder = new Folder();
  const state = folder.at('state');
  await using first = new Terminal(
    SERVER,
    ['--state', state, '--listen', '127.0.0.1:0'],
    {},
    { rows: 24, columns: 400 },
  );
  await first.see(/relay-server ready on/);
  const invitation = /'(relay:\/\/[^']+)'/.exec(first.shown)?.[1] ?? '';
  expect(parseInvitation(invitation)).toMatchObject({ host: '127.0.0.1', name: 'default' });
  await run(SERVER, ['stop', '--state', state]);
  await first.ended();
  const key = readFileSync(join(state, 'server.key'), 'utf8');
  const second = await (await Server.start({ state, engine: 'dgram' })).stop();
  expect(second.stdout).toMatch(/^relay-server ready on [\d.:]+$/);
  expect(readFileSync(join(state, 'server.key'), 'utf8')).toBe(key);
});

/** Returns every secret of server and client, in every form in which it could leak. */
function secretsOf(state: string, invitation: string): string[] {
  const parsed = parseInvitation(invitation);
  if (typeof parsed === 'string') throw new Error(parsed);
  const serverKey = Buffer.from(readFileSync(join(state, 'server.key'), 'utf8').trim(), 'base64url');
  return [parsed.clientPrivateKey, serverKey].flatMap((secret) => {
    const bytes = Buffer.from(secret);
    return [bytes.toString('base64url'), bytes.toString('base64'), bytes.toString('hex'), bytes.join(',')];
  });
}
