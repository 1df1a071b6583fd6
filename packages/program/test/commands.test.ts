import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { defineSchema, option } from '@relay/config';
import { configCommand, openAdminServer, printResult, runCommandLine, type Command } from '../src/index.js';
import { captured } from './captured.js';
import { temporaryFolder } from './temporary-folder.js';

const folder = temporaryFolder();
const schema = defineSchema(
  { level: option({ format: 'level', default: 'info', doc: 'What is logged' }) },
  { program: 'a-program', environmentPrefix: 'A_' },
);
async function outputOf(command: Command, ...args: string[]): Promise<string> {
  const commandLine = {
    program: 'a-program',
    describe: 'Do it',
    packageJson: new URL('../package.json', import.meta.url),
  };
  const { stdout } = await captured(() => runCommandLine({ ...commandLine, args, commands: [command] }));
  return stdout;
}

describe('the config command', () => {
  test('prints its reference as a chapter whose headings begin at the second level', async () => {
    const reference = await outputOf(configCommand(schema), 'config', 'reference');
    const headings = reference.split('\n').filter((line) => line.startsWith('#'));
    expect(headings.length).toBeGreaterThan(0);
    for (const heading of headings) expect(heading).toMatch(/^##+ /);
    expect(headings[0]).toMatch(/^## /);
  });

  test('prints its schema as JSON that people can read', async () => {
    const text = await outputOf(configCommand(schema), 'config', 'schema');
    expect(text).toMatch(/^\{\n {2}"/);
    expect(JSON.parse(text)).toMatchObject({ properties: { level: { default: 'info' } } });
  });

  test('shows the sources of values only if asked', async () => {
    const plain = await outputOf(configCommand(schema), 'config', 'show');
    const sources = await outputOf(configCommand(schema), 'config', 'show', '--sources');
    expect(plain).toBe('level = "info"\n');
    expect(sources).not.toBe(plain);
    expect(sources).toMatch(/level.*info.*default/);
  });
});

describe('printResult', () => {
  const printed = (...result: Parameters<typeof printResult<string[]>>) =>
    captured(async () => {
      await Promise.resolve();
      void printResult(...result);
    });

  test('prints lines for people, in which nothing can act on a terminal, and JSON for programs', async () => {
    const lines = (words: string[]): string[] => words.map((word) => `<${word}>`);
    const shown = await printed({}, ['a', 'b\u001b[2J'], lines);
    expect(shown.stdout).toBe('<a>\n<b\\x1b[2J>\n');
    const json = await printed({ json: true }, ['a'], lines);
    expect(json.stdout).toBe('["a"]\n');
  });

  test('cuts a line that is far too long', async () => {
    const { stdout } = await printed({}, ['x'.repeat(2000)], (words) => words);
    expect(stdout.length).toBeLessThan(600);
  });
});

describe('the admin socket', () => {
  test('can be opened by its owner alone, whatever the umask is, and leaves the umask as it was', async () => {
    const before = process.umask(0);
    try {
      mkdirSync(join(folder, 'open'), { mode: 0o777 });
      const path = join(folder, 'open', 'admin.sock');
      const server = await openAdminServer(path, {});
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(process.umask(0)).toBe(0);
      await server.close();
    } finally {
      process.umask(before);
    }
  });
});
