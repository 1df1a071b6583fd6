import { describe, expect, test } from '@jest/globals';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isInstalled } from '../support/command.js';
import { Folder } from '../support/folder.js';
import { CLIENT, run, SERVER, type Finished } from '../support/program.js';
import { Server } from '../support/server.js';
import { Terminal } from '../support/terminal.js';

const KEY = Buffer.alloc(32, 1).toString('base64url');
const INVITATION = `relay://${KEY}@127.0.0.1:9?server=${KEY}&name=x`;
const FORWARD = ['--forward', '0=127.0.0.1:9'];

/**
 * A wrong start. FOLDER in the arguments stands for the test's own folder. `files` must exist. Each
 * line on stderr begins as given and says what is given.
 */
interface Wrong {
  readonly name: string;
  readonly args: readonly string[];
  readonly environment?: Record<string, string>;
  readonly files?: Record<string, string>;
  readonly code: number;
  readonly lines: readonly RegExp[];
}

const WRONG_OF_SERVER: Wrong[] = [
  { name: 'a misspelt flag', args: ['--lisen', 'x'], code: 2, lines: [/lisen.*did you mean --listen\?/] },
  { name: 'a misspelt flag of a command', args: ['invite', 'a', '--alow=::1'], code: 2, lines: [/alow.*--allow\?/] },
  { name: 'a misspelt command', args: ['sart'], code: 2, lines: [/sart.*did you mean start\?/] },
  { name: 'an unknown command', args: ['dance'], code: 2, lines: [/dance.*--help/] },
  {
    name: 'a port that is no number',
    args: ['--listen', '127.0.0.1:80x'],
    code: 2,
    lines: [/--listen.*"127\.0\.0\.1:80x"/],
  },
  { name: 'a port beyond 65535', args: ['--listen', '127.0.0.1:65536'], code: 2, lines: [/--listen.*65536/] },
  { name: 'an address in octal', args: ['--listen', '0177.0.0.1:1'], code: 2, lines: [/--listen.*0177/] },
  { name: 'a name to listen on', args: ['--listen', 'localhost:1'], code: 2, lines: [/--listen.*localhost/] },
  { name: 'an unknown engine', args: ['--engine', 'nativ'], code: 2, lines: [/--engine.*auto.*native.*dgram.*nativ/] },
  { name: 'a level that is none', args: ['--log-level', 'loud'], code: 2, lines: [/--log-level.*loud/] },
  { name: 'a size without a known unit', args: ['--receive-buffer', '4XB'], code: 2, lines: [/--receive-buffer.*4XB/] },
  { name: 'a negative limit', args: ['--max-flows=-1'], code: 2, lines: [/--max-flows.*-1/] },
  { name: 'a duration without unit', args: ['--idle', '120'], code: 2, lines: [/--idle.*120/] },
  {
    name: 'a switch with a value that is neither true nor false',
    args: ['--status=maybe'],
    code: 2,
    lines: [/^relay-server: --status: expected true or false, not "maybe"$/],
  },
  {
    name: 'an option twice',
    args: ['--listen', '[::]:1', '--listen', '[::]:2'],
    code: 2,
    lines: [/--listen.*one value/],
  },
  {
    name: 'a wrong environment variable',
    args: [],
    environment: { RELAY_MAX_SESSIONS: 'many' },
    code: 2,
    lines: [/environment RELAY_MAX_SESSIONS.*"many"/],
  },
  { name: 'a configuration file that is not there', args: ['-c', 'FOLDER/no.toml'], code: 2, lines: [/no\.toml/] },
  { name: 'a configuration file that is a folder', args: ['-c', 'FOLDER'], code: 2, lines: [/FOLDER/] },
  {
    name: 'a configuration file of an unknown kind',
    args: ['-c', 'FOLDER/relay.ini'],
    files: { 'relay.ini': '' },
    code: 2,
    lines: [/relay\.ini.*\.toml/],
  },
  {
    name: 'a configuration file that is no TOML',
    args: ['-c', 'FOLDER/relay.toml'],
    files: { 'relay.toml': 'listen = "[::]:1"\nidle = = 3\n' },
    code: 2,
    lines: [/relay\.toml:2/],
  },
  {
    name: 'an unknown key in the file',
    args: ['-c', 'FOLDER/relay.toml'],
    files: { 'relay.toml': 'lissen = "[::]:1"\n' },
    code: 2,
    lines: [/relay\.toml:1:1.*lissen.*listen/],
  },
  {
    name: 'everything at once: each problem has its line',
    args: ['-c', 'FOLDER/relay.toml', '--engine', 'fast', '--idle', 'ages'],
    environment: { RELAY_MAX_FLOWS: '1.5' },
    files: { 'relay.toml': 'listen = 80000\nmaxSessions = "no"\n' },
    code: 2,
    lines: [/--engine.*fast/, /--idle.*ages/, /RELAY_MAX_FLOWS.*1\.5/, /relay\.toml:1.*80000/, /relay\.toml:2.*"no"/],
  },
  {
    name: 'a state folder that cannot be made',
    args: ['--state', 'FOLDER/file/state'],
    files: { file: '' },
    code: 1,
    lines: [/cannot use the state folder FOLDER\/file\/state/],
  },
  {
    name: 'an admin socket that cannot be made',
    args: ['--listen', '127.0.0.1:0', '--admin', 'FOLDER/no/admin.sock'],
    code: 1,
    lines: [/cannot open the admin socket FOLDER\/no\/admin\.sock/],
  },
  {
    name: 'a log folder that cannot be made',
    args: ['--listen', '127.0.0.1:0', '--log-dir', 'FOLDER/file/logs'],
    files: { file: '' },
    code: 1,
    lines: [/FOLDER\/file\/logs/],
  },
  {
    name: 'an address of another host',
    args: ['--listen', '192.0.2.1:1'],
    code: 1,
    lines: [/cannot listen on 192\.0\.2\.1:1.*does not have/],
  },
  {
    name: 'status of a server that does not run',
    args: ['status'],
    code: 3,
    lines: [/no running program answers on .*admin\.sock/],
  },
  { name: 'revoking nobody', args: ['revoke', 'nobody'], code: 4, lines: [/no client called 'nobody'/] },
  {
    name: 'an invitation without a name',
    args: ['invite'],
    code: 2,
    lines: [/an argument is missing \(usage: relay-server invite NAME; relay-server invite --help tells more\)/],
  },
  {
    name: 'an unknown shell',
    args: ['completion', 'tcsh'],
    code: 2,
    lines: [/SHELL: expected bash, zsh or fish, not "tcsh"/],
  },
  {
    name: 'to list the clients of a folder without a state',
    args: ['clients', '--state', 'FOLDER/typo'],
    code: 1,
    lines: [/there is no state in FOLDER\/typo: /],
  },
  {
    name: 'a prompt and a screen together',
    args: ['-i', '--status'],
    code: 2,
    lines: [/--interactive and --status exclude each other/],
  },
  {
    name: 'a variable for what only a flag gives',
    args: [],
    environment: { RELAY_STATUS: 'true' },
    code: 2,
    lines: [/environment: RELAY_STATUS means nothing: give --status instead/],
  },
  {
    name: 'a variable that is empty',
    args: [],
    environment: { RELAY_MAX_SESSIONS: '' },
    code: 2,
    lines: [/environment RELAY_MAX_SESSIONS: maxSessions: expected a whole number.*, not ""$/],
  },
  {
    name: 'a state folder in a file system that takes none',
    args: ['--listen', '127.0.0.1:0', '--state', '/proc/no/state'],
    code: 1,
    lines: [/cannot use the state folder \/proc\/no\/state: it does not exist/],
  },
  {
    name: 'a log folder in a file system that takes none',
    args: ['--listen', '127.0.0.1:0', '--log-dir', '/proc/no/logs'],
    code: 1,
    lines: [/cannot keep logs in \/proc\/no\/logs/],
  },
  {
    name: 'a name that is no file name',
    args: ['invite', '../x'],
    code: 2,
    lines: [/'\.\.\/x' cannot be a client's name/],
  },
  {
    name: 'an allowance that is no block',
    args: ['invite', 'x', '--allow', '10.0.0.0/33'],
    code: 2,
    lines: [/--allow.*10\.0\.0\.0\/33/],
  },
];

const WRONG_OF_CLIENT: Wrong[] = [
  { name: 'no invitation', args: FORWARD, code: 2, lines: [/no server: give the invitation/] },
  { name: 'a bad invitation', args: ['--server', 'relay://x', ...FORWARD], code: 2, lines: [/--server.*invitation/] },
  {
    name: 'a bad invitation in the environment, which is not shown',
    args: FORWARD,
    environment: { RELAY_SERVER: `relay://${KEY}@host` },
    code: 2,
    lines: [/RELAY_SERVER.*invitation.*\(hidden\)/],
  },
  { name: 'nothing to do', args: [], environment: { RELAY_SERVER: INVITATION }, code: 2, lines: [/nothing to do/] },
  { name: 'a forward without a port', args: ['-f', 'example.com'], code: 2, lines: [/--forward.*example\.com/] },
  { name: 'ranges of different length', args: ['-f', '1-3=host:1-2'], code: 2, lines: [/--forward.*as many ports/] },
  { name: 'a range that runs backwards', args: ['-f', 'host:9-8'], code: 2, lines: [/--forward.*host:9-8/] },
  { name: 'a misspelt flag', args: ['--forwards', 'x'], code: 2, lines: [/forwards.*did you mean --forward\?/] },
  {
    name: 'a wrong table in the file',
    args: ['-c', 'FOLDER/relay.toml'],
    files: { 'relay.toml': '[[forward]]\ntarget = "1.1.1.1:53"\nidle = "0s"\nmaxflow = 3\n' },
    code: 2,
    lines: [/relay\.toml:3.*0s/, /relay\.toml:4.*maxflow.*maxFlows/],
  },
  {
    name: 'a local address of another host',
    args: ['-f', '192.0.2.1:1=127.0.0.1:1'],
    environment: { RELAY_SERVER: INVITATION },
    code: 1,
    lines: [/cannot listen on 192\.0\.2\.1:1/],
  },
  {
    name: 'two forwards that listen on one port',
    args: ['-f', '5354=a:1', '-f', '5354=b:2'],
    environment: { RELAY_SERVER: INVITATION },
    code: 2,
    lines: [/forward\[0\] and forward\[1\] both listen on 127\.0\.0\.1:5354: /],
  },
  {
    name: 'to find valid a file whose forwards listen on one port',
    args: ['config', 'check', 'FOLDER/two.toml'],
    files: { 'two.toml': 'forward = ["0.0.0.0:53-55=a:1-3", "54=b:2"]\n' },
    code: 2,
    lines: [/forward\[0\] and forward\[1\] both listen on 127\.0\.0\.1:54: /],
  },
  {
    name: 'an admin socket in a file system that takes no folders',
    args: FORWARD,
    environment: { RELAY_SERVER: INVITATION, XDG_STATE_HOME: '/proc/no' },
    code: 1,
    lines: [/cannot make the folder \/proc\/no\/relay of the admin socket: it does not exist/],
  },
  { name: 'status of a client that does not run', args: ['status'], code: 3, lines: [/no running program answers/] },
];

describe('relay-server', () => {
  test.concurrent.each(WRONG_OF_SERVER)('refuses $name with one clear line, and starts nothing', async (wrong) => {
    await expectRefusal('relay-server', SERVER, wrong);
  });
});

describe('relay-client', () => {
  test.concurrent.each(WRONG_OF_CLIENT)('refuses $name with one clear line, and starts nothing', async (wrong) => {
    await expectRefusal('relay-client', CLIENT, wrong);
  });
});

describe('a start on something that another program uses', () => {
  test('names a port in use, for the server and for a forward', async () => {
    using folder = new Folder();
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const { port } = socket.address();
    const environment = { RELAY_SERVER: INVITATION };
    const server = await run(SERVER, ['--state', folder.at('state'), '--listen', `127.0.0.1:${port}`]);
    const client = await run(CLIENT, ['--admin', 'off', '-f', `${port}=127.0.0.1:9`], { environment });
    socket.close();
    for (const finished of [server, client])
      expectLines(finished, 1, [new RegExp(`cannot listen on 127\\.0\\.0\\.1:${port}: the address is in use`)]);
  });
});

test('a first start that fails does not count: the next one makes the first invitation', async () => {
  using folder = new Folder();
  const args = ['--state', folder.at('state'), '--listen', '127.0.0.1:0'];
  expect(await run(SERVER, [...args, '--admin', folder.at('no/admin.sock')])).toMatchObject({ code: 1, stdout: '' });
  await using server = new Terminal(SERVER, args);
  await server.see(/^First start\./m);
});

test('a key file that others can read is refused', async () => {
  using folder = new Folder();
  const state = folder.at('state');
  expect(await run(SERVER, ['invite', 'x', '--state', state])).toMatchObject({ code: 0 });
  chmodSync(`${state}/server.key`, 0o644);
  expectLines(await run(SERVER, ['--state', state]), 1, [/server\.key can be read by others: run chmod 600/]);
});

test.each([
  ['relay-server', SERVER, ['--listen', '192.0.2.1:1']],
  ['relay-client', CLIENT, ['-f', '192.0.2.1:1=127.0.0.1:1']],
])('%s shows the stack only with --log-level debug', async (_program, script, args) => {
  using folder = new Folder();
  const environment = { RELAY_SERVER: INVITATION, XDG_STATE_HOME: folder.path };
  const { stderr, code } = await run(script, [...args, '--log-level', 'debug'], { environment });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^ {4}at /m);
});

async function expectRefusal(program: string, script: string, wrong: Wrong): Promise<void> {
  using folder = new Folder();
  for (const [name, content] of Object.entries(wrong.files ?? {})) writeFileSync(folder.at(name), content);
  mkdirSync(folder.at('home'));
  const args = wrong.args.map((arg) => arg.replace('FOLDER', folder.path));
  const environment = { HOME: folder.at('home'), ...wrong.environment };
  const finished = await run(script, args, { environment });
  const told = { ...finished, stderr: finished.stderr.replaceAll(folder.path, 'FOLDER') };
  expectLines(told, wrong.code, wrong.lines);
  for (const line of told.stderr.split('\n')) expect(line.startsWith(`${program}: `)).toBe(true);
  expect(told.stderr).not.toContain(KEY);
  const state = folder.at('home/.local/state/relay');
  expect(existsSync(join(state, 'admin.sock'))).toBe(false);
  const clients = join(state, 'clients');
  expect(existsSync(clients) ? readdirSync(clients) : []).toEqual([]);
}

/** Expects one line for each problem, in any order, nothing on stdout, and no stack. */
function expectLines({ code, stdout, stderr }: Finished, expectedCode: number, expected: readonly RegExp[]): void {
  const lines = stderr.split('\n').filter((line) => line !== '');
  for (const pattern of expected) expect(stderr).toMatch(pattern);
  expect(lines).toHaveLength(expected.length);
  expect({ code, stdout }).toEqual({ code: expectedCode, stdout: '' });
  expect(stderr).not.toMatch(/^ {4}at /m);
}

test.each([
  ['relay-server', SERVER],
  ['relay-client', CLIENT],
])('%s says by itself that Node.js is too old', async (program, script) => {
  using folder = new Folder();
  const pretence = folder.at('old.cjs');
  writeFileSync(
    pretence,
    "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.8' } });",
  );
  const environment = { NODE_OPTIONS: `--require=${pretence}` };
  expect(await run(script, ['--version'], { environment })).toMatchObject({
    stdout: '',
    stderr: `${program}: Node.js 18.20.8 is too old: 20.19 or newer is needed`,
    code: 2,
  });
});

// Only root can become another user, who must not see the state.
if (process.getuid?.() === 0 && isInstalled('setpriv'))
  test('another user is told whose the server is, and that it is the permission that lacks', async () => {
    using folder = new Folder();
    const state = folder.at('state');
    await using server = await Server.start({ state, engine: 'dgram' });
    chmodSync(folder.path, 0o755);
    const through = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
    expectLines(await run(server.script, ['status', '--state', state], { through }), 3, [
      /^relay-server: cannot ask the program on .*admin\.sock: permission denied \(only the user who runs it may/,
    ]);
    expectLines(await run(server.script, ['clients', '--state', state], { through }), 1, [
      /^relay-server: cannot use the state folder .*: permission denied; it belongs to user 0: run the command as/,
    ]);
  });
