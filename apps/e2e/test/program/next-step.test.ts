import { spawnSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { Folder } from '../support/folder.js';
import { RunningProgram, SERVER } from '../support/program.js';
import { Server } from '../support/server.js';
import { Terminal } from '../support/terminal.js';

const WIDE = { rows: 24, columns: 400 };

const argsOf = (folder: Folder): string[] => ['--state', folder.at('state'), '--listen', '127.0.0.1:0'];

test('the next step that a first start prints works where it was printed', async () => {
  using folder = new Folder();
  await using server = new Terminal(SERVER, [...argsOf(folder), '--engine', 'dgram'], {}, WIDE);
  await server.see(/relay-server ready on/);
  const [, invitation = '', command = ''] =
    /^ {2}RELAY_SERVER='(relay:\/\/[^']+)' (.+) --forward 5353=1\.1\.1\.1:53\r$/m.exec(server.shown) ?? [];
  const { stdout } = spawnSync('sh', ['-c', `${command} --version`], { encoding: 'utf8' });
  expect(stdout).toMatch(/^(?:relay-client )?\d+\.\d+\.\d+/);
  const [, script = ''] = /^node '?([^']+)'?$/.exec(command) ?? [];
  const environment = { RELAY_SERVER: invitation, XDG_STATE_HOME: folder.path };
  const forward = ['--forward', '0=192.0.2.1:9', '--engine', 'dgram'];
  await using client = new RunningProgram(script, forward, { environment });
  await client.line(/"message":"connected"/, 'stderr');
});

test('a first start through pnpm names pnpm in the next step', async () => {
  using folder = new Folder();
  const environment = {
    npm_lifecycle_event: 'start',
    npm_config_user_agent: 'pnpm/10.34.9 npm/? node/v20.19.0 linux x64',
    npm_execpath: '/usr/lib/node_modules/pnpm/bin/pnpm.cjs',
  };
  await using server = new Terminal(SERVER, [...argsOf(folder), '--engine', 'dgram'], environment, WIDE);
  await server.see(/^ {2}RELAY_SERVER='relay:\/\/[^']+' pnpm --filter client start --forward 5353=1\.1\.1\.1:53\r$/m);
});

test('a first start on no terminal names a command that invites somebody, which works where it was printed', async () => {
  using folder = new Folder();
  await using server = await Server.start({ state: folder.at('state'), engine: 'dgram' });
  const [, command = ''] = await server.program.line(/"nobody is invited yet: (.+) makes an invitation"/, 'stderr');
  const environment = { HOME: '/nonexistent', PATH: process.env['PATH'] };
  const { stdout } = spawnSync('sh', ['-c', command.replace('NAME', 'ada')], { encoding: 'utf8', env: environment });
  expect(stdout).toMatch(/^relay:\/\/[^\n]+&name=ada\n$/);
  expect(server.program.stdout).toBe(`relay-server ready on 127.0.0.1:${server.port}`);
  expect((await server.command('clients')).stdout).toMatch(/^ada /m);
});
