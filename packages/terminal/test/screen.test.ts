import { PassThrough } from 'node:stream';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { openScreen, type ScreenOptions } from '../src/index.js';
import { build, PseudoTerminal } from './support/pseudo-terminal.js';

beforeAll(build);

const open: PseudoTerminal[] = [];

afterEach(() => {
  for (const terminal of open.splice(0)) terminal.remove();
});

function screenProgram(way: string): PseudoTerminal {
  const terminal = new PseudoTerminal('screen', [way]);
  open.push(terminal);
  return terminal;
}

/** The terminal shows its first screen again, and takes lines and shows what is typed. */
function expectRestored({ emulator, output }: PseudoTerminal): void {
  expect(emulator.isAlternate).toBe(false);
  expect(output).toContain('\x1b[?25h');
  expect(output).toContain('\x1b[?7h');
  expect(output).toMatch(/ icanon /);
  expect(output).toMatch(/ echo /);
}

describe('a screen on a terminal', () => {
  test('a screen uses the alternate screen, fits another size, and restores the terminal when the user quits', async () => {
    const terminal = screenProgram('quit');
    await terminal.seen((lines) => lines[0] === 'size 60x10' && lines[1] === '漢字 quit' && lines[4] === 'last');
    expect(terminal.emulator.isAlternate).toBe(true);
    expect(terminal.emulator.lines()[3]).toBe(`${'x'.repeat(59)}…`);
    terminal.resize(30, 4);
    await terminal.seen((lines) => lines[0] === 'size 30x4' && lines[3] === `${'x'.repeat(29)}…`);
    terminal.type('q');
    await terminal.ended();
    expectRestored(terminal);
    expect(terminal.output).toMatch(/closed\r\n[^]*code 0/);
  });

  test.each(['\x03', 'Q', '\x1b[Aq'])('the keys %j quit a screen', async (keys) => {
    const terminal = screenProgram('quit');
    await terminal.seen((lines) => lines[0] === 'size 60x10');
    terminal.type(keys);
    await terminal.ended();
    expect(terminal.output).toMatch(/closed\r\n[^]*code 0/);
  });

  test.each([
    ['throw', 1],
    ['exit', 4],
  ])('a screen restores the terminal when the program ends by %s', async (way, code) => {
    const terminal = screenProgram(way);
    await terminal.ended();
    expectRestored(terminal);
    expect(terminal.output).toContain(`code ${code}`);
    const [, afterwards = ''] = terminal.output.split('\x1b[?1049l');
    expect(afterwards.includes('the program has crashed')).toBe(way === 'throw');
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
  ] as const)('a screen restores the terminal when %s ends the program', async (signal, code) => {
    const terminal = screenProgram('signal');
    await terminal.seen((lines) => lines[0] === 'size 60x10');
    process.kill(terminal.pid, signal);
    await terminal.ended();
    expectRestored(terminal);
    expect(terminal.output).toContain(`code ${code}`);
  });

  test('a screen restores the terminal for Ctrl-Z and takes it again', async () => {
    const terminal = screenProgram('suspend');
    await terminal.seen((lines) => lines[0] === 'size 60x10');
    terminal.type('\x1a');
    await terminal.seen(() => terminal.output.split('\x1b[?1049h').length === 3);
    await terminal.seen((lines) => lines[4] === 'last');
    terminal.type('q');
    await terminal.ended();
    expectRestored(terminal);
  });
});

describe('a screen elsewhere', () => {
  test('a screen without a terminal writes plain text from time to time', async () => {
    const output = new PassThrough({ encoding: 'utf8' });
    const written = output[Symbol.asyncIterator]();
    let count = 0;
    const screen = openScreen({
      output,
      intervalMs: 20,
      plainIntervalMs: 20,
      render: () => [`count ${++count}`, { text: 'red \x1b[31m', style: 'error' }],
      onQuit: () => undefined,
    });
    expect((await written.next()).value).toBe('count 1\nred \n\n');
    expect((await written.next()).value).toBe('count 2\nred \n\n');
    screen.redraw();
    expect((await written.next()).value).toBe('count 3\nred \n\n');
    screen.close();
    screen.close();
  });

  test('a slow output of a screen gets the newest state, not all those between', async () => {
    // A terminal from which nothing is read.
    const output = Object.assign(new PassThrough({ highWaterMark: 1 }), { isTTY: true, columns: 20, rows: 3 });
    let count = 0;
    const screen = openScreen({
      output,
      intervalMs: 1000,
      render: () => [`count ${++count}`],
      onQuit: () => undefined,
    });
    for (let round = 0; round < 100; round++) screen.redraw();
    screen.close();
    const written = String(Buffer.concat(await output.end().toArray()));
    expect(written.split('count ').length).toBeLessThan(4);
    expect(count).toBeLessThan(4);
  });

  test.each([0, 19, NaN, 2 ** 31, Infinity])('a screen interval of %d ms is refused', (intervalMs) => {
    const options: ScreenOptions = { output: new PassThrough(), intervalMs, render: () => [], onQuit: () => undefined };
    expect(() => openScreen(options)).toThrow(expect.objectContaining({ name: 'RangeError' }));
    const plain = { ...options, intervalMs: 1000, plainIntervalMs: intervalMs };
    expect(() => openScreen(plain)).toThrow(expect.objectContaining({ name: 'RangeError' }));
  });
});
