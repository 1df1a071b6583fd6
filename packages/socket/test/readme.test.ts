import { readFileSync } from 'node:fs';
import { compileFunction } from 'node:vm';
import { expect, test } from '@jest/globals';
import * as socket from '../src/index.js';
import * as testing from '../src/testing/index.js';

const MODULES: Readonly<Record<string, object>> = { '@relay/socket': socket, '@relay/socket/testing': testing };
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const snippets = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code);

test.each(snippets)('example %# of the README prints what the README says', async (code) => {
  const expected = [...code.matchAll(/\/\/ prints: (.*)/g)].map(([, text]) => text);
  expect(expected.length).toBeGreaterThan(0);
  expect(await printed(code)).toEqual(expected);
});

/** Runs a snippet on the sources of the package. Resolves to the lines that it prints. */
async function printed(code: string): Promise<string[]> {
  const lines: string[] = [];
  const imports = /^import (\{.*\}) from '(.*)';$/gm;
  const body = code.replace(imports, (_, names: string, module: string) => `const ${names} = modules['${module}'];`);
  const run = compileFunction(`return (async () => {${body}})();`, [
    'modules',
    'console',
    'TextEncoder',
    'TextDecoder',
  ]) as (...values: unknown[]) => Promise<void>;
  await run(MODULES, { log: (value: unknown) => lines.push(String(value)) }, TextEncoder, TextDecoder);
  return lines;
}
