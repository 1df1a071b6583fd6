import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

interface Block {
  readonly language: string;
  readonly text: string;
}

interface Snippet {
  readonly code: string;
  readonly commands: readonly string[];
  readonly output: string;
}

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const snippets = snippetsOf(
  [...readme.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].map(([, language = '', text = '']) => ({ language, text })),
);

// Within the tests, so that the snippets are compiled as these are.
const codeFolder = new URL('.readme/', import.meta.url);
const workFolder = mkdtempSync(join(tmpdir(), 'relay-readme-'));
const home = process.cwd();

beforeAll(() => {
  mkdirSync(codeFolder, { recursive: true });
  process.chdir(workFolder);
  writeFileSync('mine.toml', 'listen = "[::1]:53"\n');
  writeFileSync('my-tool.toml', blockOf('toml'));
  writeFileSync('map.yaml', blockOf('yaml'));
});
afterAll(() => {
  process.chdir(home);
  rmSync(codeFolder, { recursive: true });
  rmSync(workFolder, { recursive: true });
});

test.each(snippets.map((snippet, index) => [index + 1, snippet] as const))(
  'snippet %i of the README does what it says',
  async (index, snippet) => {
    const printed: string[] = [];
    for (const [turn, command] of snippet.commands.entries()) {
      const file = new URL(`snippet-${index}-${turn}.ts`, codeFolder);
      writeFileSync(file, snippet.code.replaceAll("'@relay/config'", "'../../src/index.js'"));
      if (command !== '') printed.push(`$ ${command}`);
      printed.push(...(await run(file, command)));
    }
    expect(printed.join('\n').trimEnd()).toBe(snippet.output.trimEnd());
  },
);

/**
 * Imports a program with the arguments and variables of a command line, and gives the lines that it
 * printed.
 */
async function run(file: URL, command: string): Promise<string[]> {
  const words = command.split(' ');
  const variables = words.filter((word) => /^[A-Z_]+=/.test(word)).map((word) => word.split('=') as [string, string]);
  const before = { argv: process.argv, log: console.log, error: console.error };
  const printed: string[] = [];
  const print = (...parts: unknown[]): void => void printed.push(...parts.join(' ').split('\n'));
  try {
    process.argv = ['node', ...words.slice(variables.length)];
    for (const [name, value] of variables) process.env[name] = value;
    console.log = console.error = print;
    await import(file.pathname);
  } finally {
    process.argv = before.argv;
    console.log = before.log;
    console.error = before.error;
    for (const [name] of variables) Reflect.deleteProperty(process.env, name);
    process.removeAllListeners('SIGHUP');
    process.exitCode = 0;
  }
  return printed;
}

/** A `console` block says what the `ts` block before it prints. */
function snippetsOf(blocks: readonly Block[]): Snippet[] {
  return blocks.flatMap(({ language, text }, index) => {
    if (language !== 'ts') return [];
    const next = blocks.slice(index + 1).find((block) => block.language === 'ts' || block.language === 'console');
    const output = next?.language === 'console' ? next.text : '';
    const commands = output.split('\n').filter((line) => line.startsWith('$ '));
    return [{ code: text, commands: commands.length === 0 ? [''] : commands.map((line) => line.slice(2)), output }];
  });
}

function blockOf(language: string): string {
  return new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'm').exec(readme)?.[1] ?? '';
}
