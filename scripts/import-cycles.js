// Says which TypeScript files import each other in a circle, imports of types included: none of
// them can be read, tested or moved without the others.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import ts from 'typescript';
import { sourceFiles } from './source-files.js';

const root = join(import.meta.dirname, '..');

const imports = new Map(sourceFiles(['.ts']).map((file) => [file, importsOf(file)]));

const found = circles();
for (const circle of found) console.error(`files import each other in a circle:\n  ${circle}`);
if (found.length > 0) process.exitCode = 1;

/** The files of this repository that a file imports, exports from, or names the types of. */
function importsOf(file) {
  const { importedFiles } = ts.preProcessFile(readFileSync(join(root, file), 'utf8'), true, true);
  return [...new Set(importedFiles.flatMap(({ fileName }) => resolve(file, fileName) ?? []))].sort();
}

function resolve(file, specifier) {
  if (specifier.startsWith('.')) return posix.join(dirname(file), specifier).replace(/\.js$/, '.ts');
  const [, name, subpath] = /^@relay\/([^/]+)(\/.*)?$/.exec(specifier) ?? [];
  const folder = ['packages', 'apps'].find((group) => existsSync(join(root, group, `${name}`, 'package.json')));
  if (name === undefined || folder === undefined) return undefined;
  const { exports } = JSON.parse(readFileSync(join(root, folder, name, 'package.json'), 'utf8'));
  const source = exports?.[`.${subpath ?? ''}`]?.['@relay/source'];
  return source && posix.join(folder, name, source);
}

/** Every circle in which no file stands twice, as a text. */
function circles() {
  const texts = new Set();
  // From each file only by way of files after it in order, so that each circle is found once.
  for (const start of imports.keys()) {
    const follow = (path) => {
      for (const next of imports.get(path.at(-1)) ?? []) {
        if (next === start) texts.add([...path, start].join(' → '));
        else if (next > start && !path.includes(next) && leadsTo(next, start)) follow([...path, next]);
      }
    };
    if (leadsTo(start, start)) follow([start]);
  }
  return [...texts].sort();
}

/**
 * Whether imports lead from one file to another by way of files that are not before it in order.
 */
function leadsTo(from, to) {
  const seen = new Set();
  const waiting = [from];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    for (const next of imports.get(file) ?? []) {
      if (next === to) return true;
      if (next < to || seen.has(next)) continue;
      seen.add(next);
      waiting.push(next);
    }
  }
  return false;
}
