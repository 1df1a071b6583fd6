// Says which comment lines are longer than 100 columns: Prettier leaves comments as they are.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sourceFiles } from './source-files.js';

const root = join(import.meta.dirname, '..');
const MAX_COLUMNS = 100;
const ENDINGS = ['.ts', '.js', '.mjs', '.c', '.h'];

// A line of a block comment, or a line with nothing but a comment. A comment behind code on its
// line is code to Prettier.
const COMMENT = /^\s*(?:\/\/|\/\*|\*)\/?\s*(?<text>.*)$/u;

let count = 0;
for (const file of sourceFiles(ENDINGS)) {
  readFileSync(join(root, file), 'utf8')
    .split('\n')
    .forEach((line, index) => {
      const columns = [...line].length;
      const text = COMMENT.exec(line)?.groups?.text;
      // One word, such as an address on the web, cannot be broken.
      if (columns <= MAX_COLUMNS || !text?.trim().includes(' ')) return;
      count++;
      console.error(`${file}:${index + 1}: a comment of ${columns} columns; at most ${MAX_COLUMNS}`);
    });
}
process.exitCode = count > 0 ? 1 : 0;
