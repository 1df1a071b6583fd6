import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import ts from 'typescript';
import { build } from './support/pseudo-terminal.js';

beforeAll(build);

const folder = mkdtempSync(join(tmpdir(), 'relay-readme-'));

afterAll(() => rmSync(folder, { recursive: true }));

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const blocks = Array.from(readme.matchAll(/^```(ts|text)\n([^]*?)^```$/gm), ([, language = '', content = '']) => ({
  language,
  content,
}));
const examples = blocks.flatMap(({ language, content }, index) => {
  const next = blocks[index + 1];
  return language === 'ts' ? [{ code: content, output: next?.language === 'text' ? next.content : '' }] : [];
});

test.each(examples)('example %# of the README runs and prints what it says', ({ code, output }) => {
  const compilerOptions = { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true };
  const { outputText } = ts.transpileModule(code, { compilerOptions });
  const file = join(folder, 'example.mjs');
  writeFileSync(file, outputText.replaceAll('@relay/terminal', new URL('../dist/index.js', import.meta.url).href));
  const ended = spawnSync(process.execPath, [file], { encoding: 'utf8', timeout: 20_000 });
  expect(ended).toMatchObject({ stderr: '', stdout: output, status: 0 });
});

test('the README has examples', () => {
  expect(examples).toHaveLength(2);
});
