import { once, EventEmitter } from 'node:events';
import { mkdirSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ConfigurationError, defineSchema, option, watchConfiguration } from '../src/index.js';
import { file } from './folder.js';

const schema = defineSchema(
  {
    port: option({ format: 'port', default: 80, doc: 'x' }),
    level: option({ format: 'level', default: 'info', live: true, doc: 'x' }),
  },
  { program: 'watched' },
);

/** Watches a file and gives what is told about it, one at a time. */
function watched(path: string): {
  next: () => Promise<string>;
  close: () => void;
  port: () => number;
  reload: () => unknown;
} {
  const told = new EventEmitter();
  const watcher = watchConfiguration(
    schema,
    { file: path },
    {
      onChange: ({ differences, isLive }) =>
        told.emit(
          'told',
          `${isLive ? 'live' : 'restart'} ${differences.map(({ key, after }) => `${key}=${after}`).join()}`,
        ),
      onRefused: ({ problems }) => told.emit('told', `refused ${problems.map(({ key }) => key).join()}`),
    },
  );
  return {
    next: async () => ((await once(told, 'told')) as string[]).join(),
    close: () => watcher.close(),
    port: () => watcher.current.values.port,
    reload: () => watcher.reload(),
  };
}

describe('a watched file', () => {
  test('the watcher reports a file that is written, replaced or spoilt, and only whole configurations count', async () => {
    const path = file('watched.toml', 'port = 1\n');
    const { next, close, port } = watched(path);
    try {
      let told = next();
      writeFileSync(path, 'port = 1\nlevel = "debug"\n');
      expect(await told).toBe('live level=debug');

      told = next();
      writeFileSync(path, 'port = "x"\nlevel = "loud"\n');
      expect(await told).toBe('refused port,level');
      expect(port()).toBe(1);

      told = next();
      writeFileSync(`${path}.new`, 'port = 2\nlevel = "trace"\n');
      renameSync(`${path}.new`, path);
      expect(await told).toBe('restart port=2,level=trace');
      expect(port()).toBe(2);
    } finally {
      close();
    }
  });

  test('the watcher reports that a file is removed, and that it is back', async () => {
    const path = file('removed.toml', 'port = 1\n');
    const { next, close } = watched(path);
    try {
      let told = next();
      unlinkSync(path);
      expect(await told).toBe('refused ');

      told = next();
      writeFileSync(path, 'port = 2\n');
      expect(await told).toBe('restart port=2');
    } finally {
      close();
    }
  });

  test('the watcher reports a link whose target file changes, and a link to another target', async () => {
    const target = file('target.toml', 'port = 1\n');
    const folder = join(dirname(target), 'links');
    mkdirSync(folder);
    const link = join(folder, 'linked.toml');
    symlinkSync(target, link);
    const { next, close } = watched(link);
    try {
      let told = next();
      writeFileSync(target, 'port = 2\n');
      expect(await told).toBe('restart port=2');

      told = next();
      symlinkSync(file('other.toml', 'port = 3\n'), `${link}.new`);
      renameSync(`${link}.new`, link);
      expect(await told).toBe('restart port=3');

      told = next();
      const elsewhere = join(folder, 'elsewhere');
      mkdirSync(elsewhere);
      writeFileSync(join(elsewhere, 'far.toml'), 'port = 4\n');
      symlinkSync(join(elsewhere, 'far.toml'), `${link}.new`);
      renameSync(`${link}.new`, link);
      expect(await told).toBe('restart port=4');

      told = next();
      writeFileSync(join(elsewhere, 'far.toml'), 'port = 5\n');
      expect(await told).toBe('restart port=5');
    } finally {
      close();
    }
  });

  test('reload reads a watched file at once, as for SIGHUP', () => {
    const path = file('reload.toml', 'port = 1\n');
    const { close, reload, port } = watched(path);
    close();
    expect(reload()).toBeUndefined();
    writeFileSync(path, 'port = 2\n');
    expect(reload()).toMatchObject({ isLive: false, differences: [{ key: 'port', before: 1, after: 2 }] });
    writeFileSync(path, 'port = 99999\n');
    expect(reload).toThrow(ConfigurationError);
    expect(port()).toBe(2);
  });

  test('watchConfiguration throws if the configuration is wrong at the start', () => {
    expect(() => watched(file('begin.toml', 'prt = 1\n'))).toThrow('unknown key prt; did you mean port?');
  });
});
