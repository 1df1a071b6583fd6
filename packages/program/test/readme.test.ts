import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, expect, test } from '@jest/globals';
import { captured } from './captured.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const [, code = '', output = ''] = /^```ts\n([^]*?)^```\n\n```text\n([^]*?)^```$/m.exec(readme) ?? [];

/** The folder lies within the tests, so that the program is compiled as they are. */
const folder = new URL('.readme/', import.meta.url);
afterAll(() => rmSync(folder, { recursive: true }));

test('the program of the README runs and prints what the README says', async () => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL('package.json', folder), '{ "type": "module", "version": "1.0.0" }');
  const program = new URL('greeter.ts', folder);
  writeFileSync(program, code.replace("'@relay/program'", "'../../src/index.js'"));
  const { stdout, stderr } = await captured(() => import(program.pathname));
  expect(stdout).toBe(output);
  expect(stderr).toMatch(/^greeter: no running program answers on .*: it does not exist .* --state or --admin\?\)\n$/);
});
