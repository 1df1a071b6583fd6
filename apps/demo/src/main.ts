/**
 * `pnpm demo` runs targets, a server and a client in one terminal, with traffic in all three modes
 * and a live status. `--seconds N` ends it after that time.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { untilStopped } from '@relay/program';
import { openScreen } from '@relay/terminal';
import { startProgram } from './child.js';
import { Application, openTarget } from './traffic.js';
import { DemoView } from './view.js';

/** In each mode. */
const APPLICATIONS = 2;
const REFRESH_MS = 1000;
/** One day, which a timer can wait. */
const MAX_SECONDS = 86_400;

const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: { seconds: { type: 'string' } },
});

const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
if (seconds !== undefined && !(seconds > 0 && seconds <= MAX_SECONDS)) {
  process.stderr.write(`--seconds: expected a number up to ${MAX_SECONDS}, not '${values.seconds ?? ''}'\n`);
  process.exit(2);
}

/** The server waits for a whole line of each route; the client prints one for each mapping. */
const FORWARD_READY = /ready: forward \S*?:(\d+) ->/;
const PUBLISH_READY = /ready: publish \S*?:(\d+) ->/;
const ROUTE_READY = /ready: route \S*?:(\d+) ->/;
const SERVER_READY = /ready on (.*)$/;

await untilStopped(async (stop, stopped) => {
  process.stdout.write('starting targets, a server and a client …\n');
  const folder = mkdtempSync(join(tmpdir(), 'relay-demo-'));
  const targets = await Promise.all(Array.from({ length: 4 }, () => openTarget()));
  const [target = '', service = '', ...upstreams] = targets.map((socket) => `127.0.0.1:${socket.address().port}`);
  const server = await startProgram(
    'server',
    ['--listen', '127.0.0.1:0', '--state', folder, '--route', `127.0.0.1:0=${upstreams.join(',')}`],
    [SERVER_READY, ROUTE_READY],
  );
  const [listen = '', routePort = ''] = server.matches;
  const rights = ['--allow', '127.0.0.0/8', '--publish', '1024-65535', '--state', folder, '--listen', listen];
  const invited = await startProgram('server', ['invite', 'demo', ...rights], [/^(relay:.*)/]);
  const clientSocket = join(folder, 'client.sock');
  const client = await startProgram(
    'client',
    ['--forward', `0=${target}`, '--publish', `0=${service}`, '--admin', clientSocket],
    [FORWARD_READY, PUBLISH_READY],
    { RELAY_SERVER: invited.matches[0] ?? '' },
  );
  const [forwardPort = '', publicPort = ''] = client.matches;
  const applications = Object.entries({ forward: forwardPort, publish: publicPort, route: routePort }).flatMap(
    ([mode, port]) => Array.from({ length: APPLICATIONS }, () => new Application(mode, Number(port))),
  );
  const view = new DemoView(applications, [join(folder, 'admin.sock'), clientSocket]);
  const screen = openScreen({
    output: process.stdout,
    input: process.stdin,
    render: () => view.lines(),
    intervalMs: REFRESH_MS,
    onQuit: stop,
  });
  const ending = seconds === undefined ? undefined : setTimeout(stop, seconds * 1000);
  await stopped;
  clearTimeout(ending);
  screen.close();
  view.close();
  for (const application of applications) application.close();
  for (const { child } of [client, server]) child.kill();
  for (const socket of targets) socket.close();
  rmSync(folder, { recursive: true, force: true });
  const sent = applications.reduce((total, application) => total + application.sent, 0);
  const received = applications.reduce((total, application) => total + application.received, 0);
  process.stdout.write(`${received} of ${sent} datagrams went all the way, by forward, publish and route, and back.\n`);
});
