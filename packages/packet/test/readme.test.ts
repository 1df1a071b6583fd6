import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';
import { build } from 'esbuild';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const snippets = [...readme.matchAll(/^## (.*)$|^```ts\n([\s\S]*?)^```$/gm)].reduce<
  { heading: string; code: string }[]
>((found, [, heading, code]) => {
  if (heading !== undefined) return [...found, { heading, code: '' }];
  const last = found.at(-1);
  return [...found.slice(0, -1), { heading: last?.heading ?? '', code: code ?? '' }];
}, []);
const folder = mkdtempSync(join(tmpdir(), 'relay-packet-readme-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the snippets of README.md', () => {
  test.each(snippets.filter(({ code }) => code !== ''))(
    'the snippet of README.md prints the output it states: $heading',
    async ({ heading, code }) => {
      const { outputFiles } = await build({
        stdin: { contents: code, loader: 'ts', resolveDir: folder },
        alias: { '@relay/packet': fileURLToPath(new URL('../src/index.ts', import.meta.url)) },
        bundle: true,
        format: 'esm',
        write: false,
      });
      const file = join(folder, `${heading.replaceAll(/\W/g, '-')}.mjs`);
      writeFileSync(file, outputFiles[0]?.contents ?? '');
      const printed = execFileSync(process.execPath, [file], { encoding: 'utf8' });
      const promised = [...code.matchAll(/console\.log.*; \/\/ (.*)$/gm)].map(([, output]) => `${output}\n`).join('');
      expect(printed).toBe(promised);
      expect(promised).not.toBe('');
    },
  );
});
