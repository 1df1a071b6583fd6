import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Frame, type ScreenLine } from '../src/frame.js';
import { Emulator } from './support/emulator.js';

const SIZE = { columns: 20, rows: 5 };

describe('a frame', () => {
  test('a frame writes only the lines that changed, as one synchronised update, and nothing if none did', () => {
    const frame = new Frame();
    frame.update(['one', 'two', 'three'], SIZE);
    expect(frame.update(['one', 'TWO', 'three'], SIZE)).toBe('\x1b[?2026h\x1b[2;1HTWO\x1b[0m\x1b[K\x1b[?2026l');
    expect(frame.update(['one', 'TWO', 'three'], SIZE)).toBe('');
    expect(frame.update(['one'], SIZE)).toBe('\x1b[?2026h\x1b[2;1H\x1b[0m\x1b[K\x1b[3;1H\x1b[0m\x1b[K\x1b[?2026l');
  });

  test('a frame draws all lines after it was made to forget', () => {
    const frame = new Frame();
    frame.update(['one'], SIZE);
    frame.forget();
    expect(frame.update(['one'], SIZE)).toContain('\x1b[2J\x1b[1;1Hone');
  });

  test('a frame styles a line and ends the style with it', () => {
    const lines: ScreenLine[] = [
      { text: 'title', style: 'bold' },
      { text: '', style: 'error' },
    ];
    expect(new Frame().update(lines, SIZE)).toBe('\x1b[?2026h\x1b[2J\x1b[1;1H\x1b[1mtitle\x1b[0m\x1b[K\x1b[?2026l');
  });

  test('after any sequence of lines and sizes, the terminal shows the last lines and nothing else', async () => {
    const character = fc.constantFrom(
      'a',
      'b',
      ' ',
      '漢',
      '字',
      'é',
      'e\u0301',
      '\x1b[2J',
      '\x1b[5;5H',
      '\n',
      '\t',
      '\x07',
      '\u202e',
      '\x9b1A',
      '\x1b]0;t\x07',
    );
    const line = fc.array(character, { maxLength: 30 }).map((characters) => characters.join(''));
    const step = fc.record({
      lines: fc.array(line, { maxLength: 8 }),
      columns: fc.integer({ min: 1, max: 24 }),
      rows: fc.integer({ min: 1, max: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
        const frame = new Frame();
        const emulator = new Emulator(24, 6);
        await emulator.write('\x1b[?7l');
        for (const { lines, ...size } of steps) {
          await emulator.write(frame.update(lines, size));
          const fresh = new Emulator(24, 6);
          await fresh.write(`\x1b[?7l${new Frame().update(lines, size)}`);
          expect(emulator.lines()).toEqual(fresh.lines());
        }
        const { lines, columns, rows } = steps[steps.length - 1] ?? { lines: [], columns: 0, rows: 0 };
        const shown = emulator.lines();
        expect(shown.slice(Math.min(lines.length, rows)).join('')).toBe('');
        for (const text of shown)
          expect(
            Array.from(text).reduce((sum, c) => sum + (c === '漢' || c === '字' ? 2 : c === '\u0301' ? 0 : 1), 0),
          ).toBeLessThanOrEqual(columns);
      }),
      { numRuns: 60 },
    );
  });
});
