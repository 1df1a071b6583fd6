import { expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Application } from '../support/application.js';
import { Echo } from '../support/echo.js';
import { eventually } from '../support/eventually.js';
import { Folder } from '../support/folder.js';
import { startRelay } from '../support/relay.js';

interface Line {
  readonly level: string;
  readonly message: string;
}

interface Metrics {
  readonly sessions: number;
  readonly flows: number;
}

test('log files hold every line of the console, including the last ones before SIGTERM', async () => {
  await using echo = await Echo.open();
  using folder = new Folder();
  const [serverLogs, clientLogs] = [folder.at('server'), folder.at('client')];
  const level = ['--log-level', 'trace', '--metrics-interval', '1s'];
  await using relay = await startRelay({
    engine: 'dgram',
    forwards: [`0=127.0.0.1:${echo.port}`],
    serverFlags: ['--log-dir', serverLogs, ...level],
    clientFlags: ['--log-dir', clientLogs, ...level],
  });
  await using application = await Application.open();
  await application.askUntilAnswered(relay.port);
  const client = await relay.client.stop();
  const server = await relay.server.stop();
  for (const [logs, { stderr }] of [
    [serverLogs, server],
    [clientLogs, client],
  ] as const) {
    const shown = parse(stderr);
    expect(linesOf(logs, 'relay-')).toEqual(shown);
    expect(shown.length).toBeGreaterThan(0);
  }
  const messages = linesOf(serverLogs, 'relay-').map(({ message }) => message);
  expect(messages).toEqual(expect.arrayContaining(['listening', 'client connected', 'client disconnected']));
});

test('the metrics log has records of the carried traffic', async () => {
  await using echo = await Echo.open();
  using folder = new Folder();
  const logs = folder.at('logs');
  await using relay = await startRelay({
    engine: 'dgram',
    forwards: [`0=127.0.0.1:${echo.port}`],
    serverFlags: ['--log-dir', logs, '--metrics-interval', '1s'],
  });
  await using application = await Application.open();
  await application.askUntilAnswered(relay.port);
  await eventually(() => {
    const records = linesOf<Metrics>(logs, 'metrics-');
    expect(records.filter(({ sessions, flows }) => sessions === 1 && flows === 1)).not.toEqual([]);
  });
});

function linesOf<T = Line>(folder: string, prefix: string): T[] {
  const files = readdirSync(folder).filter((file) => file.startsWith(prefix) && file.endsWith('.log'));
  return files.flatMap((file) => parse<T>(readFileSync(join(folder, file), 'utf8')));
}

const parse = <T = Line>(text: string): T[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
