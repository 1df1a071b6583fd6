/**
 * `pnpm demo` runs a target, a server and a client in one terminal, with traffic and a live status.
 * `--seconds N` ends it after that time.
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

const APPLICATIONS = 3;
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

await untilStopped(async (stop, stopped) => {
  process.stdout.write('starting a target, a server and a client …\n');
  const folder = mkdtempSync(join(tmpdir(), 'relay-demo-'));
  const target = await openTarget();
  const server = await startProgram('server', ['--listen', '127.0.0.1:0', '--state', folder], /ready on (.*)$/);
  const listen = server.match[1] ?? '';
  const rights = ['--allow', '127.0.0.0/8', '--state', folder, '--listen', listen];
  const { match: invited } = await startProgram('server', ['invite', 'demo', ...rights], /^relay:.*/);
  const clientSocket = join(folder, 'client.sock');
  const client = await startProgram(
    'client',
    ['--forward', `0=127.0.0.1:${target.address().port}`, '--admin', clientSocket],
    /ready: forward 127\.0\.0\.1:(\d+)/,
    { RELAY_SERVER: invited[0] },
  );
  const applications = Array.from({ length: APPLICATIONS }, () => new Application(Number(client.match[1])));
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
  target.close();
  rmSync(folder, { recursive: true, force: true });
  const sent = applications.reduce((total, application) => total + application.sent, 0);
  const received = applications.reduce((total, application) => total + application.received, 0);
  process.stdout.write(`${received} of ${sent} datagrams went through client, server and target, and back.\n`);
});
