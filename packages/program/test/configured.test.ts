import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ConfigurationError, defineSchema } from '@relay/config';
import {
  assertFileIsRight,
  changeLevel,
  commonOptions,
  configured,
  EXIT,
  LiveConfiguration,
  openLogs,
  ProgramFailure,
  socketOptions,
} from '../src/index.js';
import { temporaryFolder } from './temporary-folder.js';

const folder = temporaryFolder();
const schema = defineSchema(
  { ...commonOptions, ...socketOptions },
  { program: 'a-program', environmentPrefix: 'RELAY_' },
);

function fileWith(text: string, name = 'a.toml'): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

describe('configured', () => {
  test('prefers flags to the environment, the environment to the file, and the file to defaults', () => {
    const file = fileWith('logLevel = "warn"\nengine = "dgram"\nsendQueue = "2MiB"\n');
    const environment = { RELAY_ENGINE: 'native', RELAY_LOG_LEVEL: 'error', RELAY_CONFIG: file };
    const { values } = configured(schema, { 'log-level': 'debug' }, environment);
    expect(values).toMatchObject({ logLevel: 'debug', engine: 'native', sendQueue: 2 << 20, logFormat: 'auto' });
  });

  test('reports every mistake at once', () => {
    const file = fileWith('engine = "fast"\nlogLevl = "info"\n');
    const wrong = (): unknown => configured(schema, { config: file, 'send-buffer': 'much' }, {});
    expect(wrong).toThrow(ConfigurationError);
    expect(wrong).toThrow(/engine[^]*logLevl[^]*|logLevl[^]*engine/);
    expect(wrong).toThrow(/send-?[bB]uffer/);
  });

  test.each([
    ['admin', ''],
    ['admin', 'a\u001bb'],
    ['log-level', 'loud'],
    ['engine', 'NATIVE'],
    ['receive-buffer', '1'],
    ['receive-buffer', '4MB '],
    ['log-max-files', '0'],
    ['metrics-interval', '10'],
    ['log-format', 'xml'],
  ])('refuses %s %j', (flag, value) => {
    expect(() => configured(schema, { [flag]: value }, {})).toThrow(ConfigurationError);
  });

  test('refuses the level of a scope that there is not, and lists those that there are', () => {
    const file = fileWith('logLevel = "info,nosuch=debug"\n', 'scopes.toml');
    const scopes = /logLevel.*levels of these scopes only: client,.*session, socket, target, not "info,nosuch=debug"/;
    expect(() => configured(schema, { config: file }, {})).toThrow(scopes);
    expect(configured(schema, { 'log-level': 'warn,session=debug,server=trace' }, {}).values.logLevel).toBe(
      'warn,session=debug,server=trace',
    );
  });

  test.each(['off', '/run/relay.sock', 'a.sock'])('accepts %s for the admin socket', (admin) => {
    expect(configured(schema, { admin }, {}).values.admin).toBe(admin);
  });

  test('checks a file without using it', () => {
    expect(() => assertFileIsRight(schema, fileWith('engine = "dgram"\n'))).not.toThrow();
    expect(() => assertFileIsRight(schema, fileWith('engine = "slow"\n'))).toThrow(/engine/);
    expect(() => assertFileIsRight(schema, join(folder, 'missing.toml'))).toThrow(ConfigurationError);
  });
});

describe('LiveConfiguration', () => {
  test('reads everything again, and reports what has changed and what needs a restart', async () => {
    const file = fileWith('logLevel = "info"\n', 'live.toml');
    const live = new LiveConfiguration(schema, { config: file });
    const logs = openLogs(live.values);
    fileWith('logLevel = "warn"\nengine = "dgram"\n', 'live.toml');
    const changes = await live.reload(logs);
    expect(logs.level).toBe('warn');
    expect(changes).toHaveLength(2);
    expect(changes.find((line) => line.includes('engine'))).toMatch(/takes effect after a restart$/);
    expect(changes.find((line) => line.includes('logLevel'))).not.toMatch(/restart/);
    expect(changes).toContainEqual(expect.stringMatching(/^engine: "auto" -> "dgram"/));
    await logs.close();
  });

  test('logs each change of a reading', async () => {
    const file = fileWith('engine = "auto"\n', 'live.toml');
    const lines: string[] = [];
    const live = new LiveConfiguration(schema, { config: file });
    const logs = openLogs(live.values);
    logs.redirectConsole((line) => lines.push(line));
    fileWith('engine = "dgram"\n', 'live.toml');
    const [change] = await live.reload(logs);
    await live.reload(logs);
    await logs.close();
    const told = lines.filter((line) => line.includes('configuration changed'));
    expect(told).toHaveLength(1);
    expect(JSON.parse(told[0] ?? '')).toMatchObject({ change });
  });

  test('tells what waits for a restart at each reload, until it is configured as it runs', async () => {
    const file = fileWith('engine = "dgram"\n', 'live.toml');
    const live = new LiveConfiguration(schema, { config: file });
    const logs = openLogs(live.values);
    expect([await live.reload(logs), live.pending]).toEqual([[], []]);
    const told = /^engine: "dgram" -> "auto" \(.*live\.toml:1:10\): takes effect after a restart$/;
    fileWith('engine = "auto"\n', 'live.toml');
    for (let i = 0; i < 2; i++) expect(await live.reload(logs)).toEqual([expect.stringMatching(told)]);
    expect(live.pending).toEqual([{ key: 'engine', change: expect.stringMatching(/^engine: "dgram" -> "auto"/) }]);
    fileWith('engine = "dgram"\n', 'live.toml');
    expect(await live.reload(logs)).toEqual(['engine: needs no restart: it is as it runs']);
    expect([await live.reload(logs), live.pending]).toEqual([[], []]);
    await logs.close();
  });

  test('keeps a log level that was set while it runs, until the configured one changes', async () => {
    const file = fileWith('logLevel = "info"\n', 'live.toml');
    const live = new LiveConfiguration(schema, { config: file });
    const logs = openLogs(live.values);
    changeLevel(logs, 'debug');
    await live.reload(logs);
    expect(logs.level).toBe('debug');
    fileWith('logLevel = "warn"\n', 'live.toml');
    await live.reload(logs);
    expect(logs.level).toBe('warn');
    await logs.close();
  });

  test('changes nothing if the file is wrong', async () => {
    const file = fileWith('logLevel = "info"\n', 'live.toml');
    const live = new LiveConfiguration(schema, { config: file });
    const logs = openLogs(live.values);
    fileWith('logLevel = "warn"\nengine = "slow"\n', 'live.toml');
    await expect(live.reload(logs)).rejects.toThrow(ConfigurationError);
    expect([live.values.logLevel, logs.level]).toEqual(['info', 'info']);
    await logs.close();
  });
});

describe('the logs of a program', () => {
  const settings = configured(schema, {}, {}).values;

  test('that cannot be written are a failure with an exit code', () => {
    const file = fileWith('', 'no-folder');
    expect(() => openLogs({ ...settings, logDir: join(file, 'logs') })).toThrow(ProgramFailure);
  });

  test('change their level while they run, and refuse a text that is no level', async () => {
    const logs = openLogs(settings);
    expect(changeLevel(logs, 'warn,session=debug')).toBe('warn,session=debug');
    expect(() => changeLevel(logs, 'loud')).toThrow(expect.objectContaining({ exitCode: EXIT.refused }));
    expect(logs.level).toBe('warn,session=debug');
    await logs.close();
  });
});
