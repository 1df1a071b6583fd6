import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import ts from 'typescript';
import { METRICS_SCHEMA } from '../src/index.js';
import { temporaryFolder } from './support/folder.js';
import { build } from './support/program.js';

beforeAll(build);

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
  const file = join(temporaryFolder(), 'example.mjs');
  writeFileSync(file, outputText.replaceAll('@relay/logging', new URL('../dist/index.js', import.meta.url).href));
  const ended = spawnSync(process.execPath, [file], { encoding: 'utf8', timeout: 20_000 });
  const stdout = ended.stdout.replace(/"time":"[^"]*"/g, '"time":"2026-11-23T08:00:00.000Z"');
  expect({ ...ended, stdout }).toMatchObject({ stderr: '', stdout: output, status: 0 });
});

test('the README has examples, and names every field of the metrics log', () => {
  expect(examples).toHaveLength(2);
  const { process: own, ...top } = METRICS_SCHEMA.properties;
  const names = [...Object.keys(top), ...Object.keys(own.properties).map((name) => `process.${name}`)];
  expect(names.filter((name) => !readme.includes(`\`${name}`))).toEqual([]);
});
