import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { openPrompt } from '../src/index.js';
import { build, programPath, PseudoTerminal } from './support/pseudo-terminal.js';

beforeAll(build);

const open: PseudoTerminal[] = [];

afterEach(() => {
  for (const terminal of open.splice(0)) terminal.remove();
});

async function promptProgram(columns?: number): Promise<PseudoTerminal> {
  const terminal = new PseudoTerminal('prompt', [], columns);
  open.push(terminal);
  await terminal.seen((lines) => lines[0] === 'relay>');
  return terminal;
}

/** The last row that is not empty. */
function lastRow(lines: string[]): string {
  return lines.findLast((line) => line !== '') ?? '';
}

describe('a prompt on a terminal', () => {
  test('a prompt on a terminal runs commands and prints their answers or errors, without controls', async () => {
    const terminal = await promptProgram();
    terminal.type('status "a b" c\r');
    await terminal.seen((lines) => lines.includes('all well ["a b","c"]'));
    terminal.type('kick bob\r');
    await terminal.seen((lines) => lines.includes("no session 'bob'"));
    terminal.type('stauts\r');
    await terminal.seen((lines) => lines.includes("unknown command 'stauts'; did you mean 'status'?"));
    terminal.type('help\r');
    await terminal.seen((lines) => lines.includes('help    this list') && lines.includes('status  how it is'));
    terminal.type('quit\r');
    await terminal.ended();
    expect(terminal.output).toContain('closed, failures: 2');
  });

  test('a prompt on a terminal completes names of commands and their arguments', async () => {
    const terminal = await promptProgram();
    terminal.type('ki');
    await terminal.seen((lines) => lastRow(lines) === 'relay> ki');
    terminal.type('\t');
    await terminal.seen((lines) => lastRow(lines) === 'relay> kick');
    terminal.type('ali');
    await terminal.seen((lines) => lastRow(lines) === 'relay> kick ali');
    terminal.type('\t');
    await terminal.seen(() => terminal.emulator.cursor.column === 'relay> kick alice '.length);
    terminal.type('\x15kick al');
    await terminal.seen((lines) => lastRow(lines) === 'relay> kick al');
    // Candidates are listed at the second Tab, of which nothing can be seen after the first.
    const isListed = () => terminal.emulator.lines().some((line) => /alice +albert/.test(line));
    while (!isListed()) {
      terminal.type('\t');
      await setTimeout(20);
    }
    expect(terminal.output).not.toContain('evil');
    terminal.type('\x15');
    await terminal.seen((lines) => lastRow(lines) === 'relay>');
    terminal.type('\x04');
    await terminal.ended();
  });

  test.each([60, 16])(
    'a prompt on a terminal keeps the typed line whole while logs are printed above it, on %d columns',
    async (columns) => {
      const terminal = await promptProgram(columns);
      terminal.type('log\r');
      const typed = 'status one two four';
      for (const character of typed) {
        const before = terminal.output.length;
        terminal.type(character);
        await terminal.seen(() => terminal.output.slice(before).includes('log line'));
      }
      // Back into the middle of the line, where the cursor has to stay.
      terminal.type('\x1b[D\x1b[D\x1b[D\x1b[D');
      const before = terminal.output.length;
      await terminal.seen(() => terminal.output.slice(before).split('log line').length > 3);
      terminal.type('X');
      const wanted = 'relay> status one two Xfour';
      await terminal.seen((lines) => lines.join('').includes(wanted) || wrapped(lines, columns).includes(wanted));
      terminal.type('\r');
      await terminal.seen(() => terminal.output.includes('all well ["one","two","Xfour"]'));
      terminal.type('\x04');
      await terminal.ended();
      const logged = Array.from(terminal.emulator.text().matchAll(/log line (\d+)$/gm), ([, number]) => Number(number));
      expect(logged).toEqual(Array.from({ length: logged.length }, (_, index) => index + 1));
    },
  );

  test('a prompt on a terminal forgets the line at Ctrl-C, and ends at the second Ctrl-C on an empty line', async () => {
    const terminal = await promptProgram();
    terminal.type('half a li');
    await terminal.seen((lines) => lastRow(lines) === 'relay> half a li');
    terminal.type('\x03');
    await terminal.seen((lines) => lines.includes('relay> half a li^C') && lastRow(lines) === 'relay>');
    terminal.type('a line of more than one row: '.repeat(3));
    await terminal.seen(
      (lines) => /row: $|row:$/.test(lastRow(lines)) && lines.filter((line) => line.includes('row:')).length > 1,
    );
    terminal.type('\x03');
    await terminal.seen((lines) => lines.some((line) => line.endsWith('row: ^C')) && lastRow(lines) === 'relay>');
    expect(terminal.emulator.lines().join('')).toContain('relay> half a li^Crelay> a line of more');
    terminal.type('\x03');
    await terminal.seen((lines) => lines.some((line) => line.startsWith('Press Ctrl-C again')));
    terminal.type('\x03');
    await terminal.ended();
    expect(terminal.output).toContain('closed, failures: 0');
  });

  test('a prompt on a terminal keeps its history in a file for its owner alone, and finds it again', async () => {
    const terminal = await promptProgram();
    const file = join(terminal.folder, 'history');
    terminal.type('status 1\r');
    await terminal.seen((lines) => lines.includes('all well ["1"]'));
    terminal.type(' status hidden\r');
    await terminal.seen((lines) => lines.includes('all well ["hidden"]'));
    terminal.type('\x04');
    await terminal.ended();
    expect(readFileSync(file, 'utf8')).toBe('status 1\n');
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});

describe('a script', () => {
  const folder = mkdtempSync(join(tmpdir(), 'relay-terminal-'));

  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([
    [
      'status 1\n\n# a comment\nkick bob\nslow\nstatus 2',
      'all well ["1"]\nno session \'bob\'\ndone\nall well ["2"]\nclosed, failures: 1\n',
    ],
    ['status 1\nquit\nstatus 2\n', 'all well ["1"]\nclosed, failures: 0\n'],
    ['status 1\nexit\nstatus 2\n', 'all well ["1"]\nclosed, failures: 0\n'],
    ['? kick\n', 'kick  ends a session\nclosed, failures: 0\n'],
    ['', 'closed, failures: 0\n'],
    ['unheard of\n', "unknown command 'unheard'; 'help' lists them\nclosed, failures: 1\n"],
  ])('a script runs its lines in order, without a prompt: %j', (input, stdout) => {
    const ended = spawnSync(process.execPath, [programPath('prompt'), folder], {
      input,
      encoding: 'utf8',
      timeout: 20_000,
    });
    expect(ended).toMatchObject({ stdout, stderr: '', status: 0 });
  });

  test('close ends a script that has lines left', async () => {
    const input = new PassThrough();
    const output = new PassThrough({ encoding: 'utf8' });
    const failures = await new Promise((resolve) => {
      const prompt = openPrompt({ input, output, prompt: '', commands: {}, onClose: resolve });
      prompt.print('two\nlines \x1b[2J');
      prompt.close();
      prompt.close();
      input.end('nothing\n');
    });
    expect(failures).toBe(0);
    expect(output.read()).toBe('two\nlines \n');
  });

  test('a prompt takes a damaged history for an empty one', () => {
    writeFileSync(join(folder, 'history'), '\n\n');
    const ended = spawnSync(process.execPath, [programPath('prompt'), folder], {
      input: 'status',
      encoding: 'utf8',
      timeout: 20_000,
    });
    expect(ended.stdout).toContain('all well []');
  });
});

/** Rows that a long line was broken into, joined again where they are full. */
function wrapped(lines: string[], columns: number): string {
  return lines.map((line) => (line.length >= columns - 1 ? line.padEnd(columns) : `${line}\n`)).join('');
}
