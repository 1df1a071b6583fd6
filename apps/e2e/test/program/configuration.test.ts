import { describe, expect, test } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { Application } from '../support/application.js';
import { ask } from '../support/admin.js';
import { Echo } from '../support/echo.js';
import { Folder } from '../support/folder.js';
import { CLIENT, run, RunningProgram, SERVER } from '../support/program.js';
import { Server } from '../support/server.js';
import type { ClientStatus } from '../support/status.js';

describe.each([
  ['relay-server', SERVER, 'listen = "127.0.0.1:7878"\nidle = "30s"\n', 'idle'],
  ['relay-client', CLIENT, '[[forward]]\nlisten = 5353\ntarget = "1.1.1.1:53"\nidle = "30s"\n', 'forward'],
])('the command %s config', (_program, script, right, key) => {
  test('accepts a correct file in check', async () => {
    using folder = new Folder();
    const file = folder.at('relay.toml');
    writeFileSync(file, right);
    expect(await run(script, ['config', 'check', file])).toEqual({
      code: 0,
      signal: null,
      stdout: `${file} is valid`,
      stderr: '',
    });
  });

  test('reports every mistake of a file in check, each with its place', async () => {
    using folder = new Folder();
    const file = folder.at('relay.toml');
    writeFileSync(
      file,
      `${right}\nengine = "fast"\nlogLevle = "info"\n`.replace(
        /^(\[\[forward[^]*?\n)\n/,
        'engine = "fast"\nlogLevle = "info"\n$1',
      ),
    );
    const { code, stdout, stderr } = await run(script, ['config', 'check', file]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/relay\.toml:\d+:\d+.*engine.*"fast"/);
    expect(stderr).toMatch(/relay\.toml:\d+:\d+.*logLevle.*logLevel/);
  });

  test('shows in show the values that start would use, and with --sources the source of each value', async () => {
    using folder = new Folder();
    const file = folder.at('relay.toml');
    writeFileSync(file, right);
    const args = ['config', 'show', '-c', file, '--engine', 'dgram'];
    const environment = { RELAY_LOG_LEVEL: 'debug' };
    const { stdout: shown } = await run(script, args, { environment });
    expect(shown).toMatch(/^engine = "?dgram"?$/m);
    expect(shown).toMatch(/^logLevel = "?debug"?$/m);
    const { stdout: sources, code } = await run(script, [...args, '--sources'], { environment });
    expect(code).toBe(0);
    expect(sources).toMatch(/engine.*--engine/);
    expect(sources).toMatch(/logLevel.*RELAY_LOG_LEVEL/);
    expect(sources).toMatch(new RegExp(`${key}.*relay\\.toml`));
    expect(sources).toMatch(/metricsInterval.*default/);
  });

  test('prints a JSON Schema for the file in schema', async () => {
    const { stdout } = await run(script, ['config', 'schema']);
    const schema = JSON.parse(stdout) as { $schema: string; properties: Record<string, unknown> };
    expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
    expect(Object.keys(schema.properties)).toEqual(expect.arrayContaining([key, 'logLevel', 'engine']));
  });
});

test('a client can run from its configuration file alone, including options of single mappings', async () => {
  await using echo = await Echo.open();
  using folder = new Folder();
  await using server = await Server.start({ state: folder.at('state'), engine: 'dgram' });
  const file = folder.at('relay.yaml');
  const admin = folder.at('client.sock');
  writeFileSync(
    file,
    [
      `server: '${await server.invite('file', ['127.0.0.1'])}'`,
      `admin: ${admin}`,
      'forward:',
      `  - { listen: '127.0.0.1:0', target: '127.0.0.1:${echo.port}', idle: 5s, maxFlows: 1 }`,
    ].join('\n'),
    { mode: 0o600 },
  );
  await using client = new RunningProgram(CLIENT, ['-c', file]);
  const [, port] = await client.line(/^relay-client ready: forward 127\.0\.0\.1:(\d+) -> /);
  await Application.withMany(2, async ([first, second]) => {
    for (let i = 0; i < 2; i++) await first?.askUntilAnswered(Number(port));
    await second?.send('one flow too many', Number(port));
    expect(await second?.receive(200)).toBeUndefined();
  });
  const { forward } = await ask<ClientStatus>(admin, 'status');
  expect(forward.toTarget.drops).toEqual({ 'flow-limit': 1 });
});
