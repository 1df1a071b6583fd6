// Says which messages that docs/troubleshooting.md quotes no program writes. … stands for what
// differs; the parts between must stand in one source file, in this order.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sourceFiles } from './source-files.js';

const root = join(import.meta.dirname, '..');
const read = (file) => readFileSync(join(root, file), 'utf8');
const sources = sourceFiles(['.ts', '.js'])
  .filter((file) => /^(?:apps\/(?:server|client)|packages\/[a-z]+)\/(?:src|bin)\//.test(file))
  .map(read);

/** Whether a source file has all parts of a message, one after the other. */
function hasParts(source, parts) {
  let from = 0;
  for (const part of parts) {
    const at = source.indexOf(part, from);
    if (at === -1) return false;
    from = at + part.length;
  }
  return true;
}

const rows = read('docs/troubleshooting.md')
  .split('\n')
  .filter((line) => line.startsWith('| `'));
const messages = rows.map((row) => /^\| `([^`]+)`/.exec(row)[1]);
const missing = messages.filter((message) => {
  const parts = message.split('…').map((part) => part.trim());
  return !sources.some((source) => hasParts(source, parts));
});
for (const message of missing) console.error(`docs/troubleshooting.md: no program writes: ${message}`);
if (missing.length > 0 || messages.length === 0) process.exitCode = 1;
