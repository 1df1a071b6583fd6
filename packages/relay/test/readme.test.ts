import { afterAll, describe, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const snippets = [...readme.matchAll(/^## (.*)\n\n(?:(?:(?!```)[^#])*\n\n)?```ts\n([\s\S]*?)^```$/gm)].map(
  ([, heading = '', code = '']) => ({
    heading,
    code,
  }),
);
const folder = mkdtempSync(join(tmpdir(), 'relay-relay-readme-'));
const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the snippets of README.md', () => {
  test('are one', () => {
    expect(snippets.map(({ heading }) => heading)).toEqual(['Who may reach what']);
  });

  test.each(snippets)('print what they say: $heading', async ({ heading, code }) => {
    const { outputFiles } = await build({
      stdin: { contents: code, loader: 'ts', resolveDir: source('..') },
      alias: {
        '@relay/relay': source('../src/index.ts'),
        '@relay/session': source('../../session/src/index.ts'),
        '@relay/packet': source('../../packet/src/index.ts'),
      },
      bundle: true,
      format: 'esm',
      platform: 'node',
      write: false,
    });
    const file = join(folder, `${heading.replaceAll(/\W/g, '-')}.mjs`);
    writeFileSync(file, outputFiles[0]?.contents ?? '');
    const printed = execFileSync(process.execPath, [file], { encoding: 'utf8' });
    const promised = [...code.matchAll(/console\.log.*[;,] \/\/ (.*)$/gm)].map(([, output = '']) => output);
    expect(printed.trimEnd().split('\n').sort()).toEqual(promised.sort());
  });
});
