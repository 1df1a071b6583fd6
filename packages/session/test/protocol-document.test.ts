import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { RELAY_PROTOCOL } from '../src/index.js';
import * as protocol from '../src/protocol.js';
import * as tuning from '../src/tuning.js';

const page = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');
const [, text = ''] = page.split(/^## The secure channel$/m);

/**
 * The rows of the table whose first column is called `constant`, and whose second is called
 * `column`.
 */
function table(column: string): [string, string][] {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => /^\| constant/.test(line) && line.split('|')[2]?.trim() === column);
  const end = lines.findIndex((line, index) => index > start && !line.startsWith('|'));
  return lines.slice(start + 2, end).map((line) => {
    const [, name = '', value = ''] = line.split('|').map((cell) => cell.trim().replaceAll('`', ''));
    return [name, value];
  });
}

describe('docs/protocol.md, "The secure channel"', () => {
  test('names the constants of the handshake', () => {
    expect(table('value')).toEqual([
      ['construction', RELAY_PROTOCOL.construction],
      ['identifier', RELAY_PROTOCOL.identifier],
      ['label mac1', RELAY_PROTOCOL.labelMac1],
      ['label cookie', RELAY_PROTOCOL.labelCookie],
      ['label notice', RELAY_PROTOCOL.labelNotice],
    ]);
  });

  test('names the timers that the code has', () => {
    const constants: Readonly<Record<string, unknown>> = { ...protocol, ...tuning };
    const timers = table('ms');
    expect(timers.length).toBeGreaterThan(15);
    expect(timers).toEqual(timers.map(([name]) => [name, String(constants[name])]));
  });
});
