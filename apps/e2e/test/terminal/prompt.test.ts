import { expect, test } from '@jest/globals';
import { isInstalled } from '../support/command.js';
import { Echo } from '../support/echo.js';
import { Folder } from '../support/folder.js';
import { CLIENT, run, SERVER } from '../support/program.js';
import { Server } from '../support/server.js';
import { Terminal } from '../support/terminal.js';

const START = ['--listen', '127.0.0.1:0', '--engine', 'dgram', '-i'];

test('a script on stdin runs command by command, and its end ends the server', async () => {
  using folder = new Folder();
  const script = [
    '# a comment',
    'status',
    'invite guest --allow 10.0.0.0/8 --expires 7d',
    'clients',
    'sessions',
    'flows',
  ];
  const mistakes = [
    'frobnicate',
    'revoke nobody',
    'kick 99',
    'log loud',
    'invite ../x',
    'log debug',
    'revoke guest',
    'quit',
  ];
  const { code, stdout } = await run(SERVER, ['--state', folder.at('state'), ...START], {
    input: [...script, ...mistakes, 'status after the end'].join('\n'),
  });
  const lines = stdout.split('\n');
  expect(lines.some((line) => /^relay-server ready on /.test(line))).toBe(true);
  expect(lines.some((line) => /^relay:\/\/.+&name=guest$/.test(line))).toBe(true);
  expect(stdout).toMatch(/^guest +10\.0\.0\.0\/8/m);
  expect(stdout).toContain('no client is connected');
  expect(stdout).toContain('no flows');
  expect(stdout).toContain("unknown command 'frobnicate'");
  expect(stdout).toContain("there is no client called 'nobody'");
  expect(stdout).toContain('there is no session 99');
  expect(stdout).toContain("'../x' cannot be a client's name");
  expect(stdout).toContain('log level debug');
  expect(stdout).toContain("client 'guest' revoked");
  expect(stdout).not.toContain('relay> ');
  expect(stdout.match(/^relay-server on /gm)).toHaveLength(1);
  expect(code).toBe(0);
});

if (!isInstalled('python3')) console.warn('python3 is not installed: the tests on a pseudo-terminal are left out.');
else {
  test('the prompt of a server completes names, remembers lines, keeps the typed line apart from the log, and ends at Ctrl-D', async () => {
    using folder = new Folder();
    const environment = { HOME: folder.path };
    await using terminal = new Terminal(SERVER, ['--state', folder.at('state'), ...START], environment);
    await terminal.see(/relay> /);
    terminal.type('cli\t');
    await terminal.see(/clients /);
    terminal.type('\r');
    await terminal.see(/default +public addresses[^]*relay> /);
    terminal.type('revoke def\t');
    await terminal.see(/default /);
    terminal.type('\r');
    await terminal.see(/client 'default' revoked[^]*relay> /);
    terminal.type('\u001b[A\u001b[A\r'); // the line before the last
    await terminal.see(/no clients: .+relay-server.* invite NAME makes one[^]*relay> /);
    terminal.type('hel\t');
    await terminal.see(/help /);
    terminal.type('\u0003');
    await terminal.see(/\^C[^]*relay> /);
    terminal.type('\u0004');
    expect(await terminal.ended()).toEqual({ code: 0, isRestored: true });
  });

  test('the prompt of a client shows its log above the typed line', async () => {
    await using echo = await Echo.open();
    using folder = new Folder();
    await using server = await Server.start({ state: folder.at('state'), engine: 'dgram' });
    const environment = { HOME: folder.path, RELAY_SERVER: await server.invite('typist', ['127.0.0.1']) };
    const args = ['-i', '--engine', 'dgram', '--admin', folder.at('client.sock'), '-f', `0=127.0.0.1:${echo.port}`];
    await using terminal = new Terminal(CLIENT, args, environment);
    await terminal.see(/relay-client ready: forward/);
    await terminal.see(/relay> /);
    terminal.type('flo');
    await terminal.see(/flo/);
    terminal.mark();
    await server.command('revoke', 'typist');
    await terminal.see(/disconnected[^]*relay> [^]*flo/);
    terminal.type('ws\r');
    await terminal.see(/no flows[^]*relay> /);
    terminal.type('quit\r');
    expect(await terminal.ended()).toEqual({ code: 0, isRestored: true });
  });
}
