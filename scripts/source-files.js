import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const NOT_SOURCES = new Set(['.git', '.turbo', 'build', 'coverage', 'dist', 'node_modules', 'prebuilds']);
// Made by scripts/former-release.js.
const FORMER_RELEASE = 'apps/e2e/former/release';

/** The repository's own files with these endings, as paths from its root with `/`, in order. */
export function sourceFiles(endings, folder = '') {
  const entries = readdirSync(join(root, folder), { withFileTypes: true });
  return entries
    .flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (path === FORMER_RELEASE) return [];
      if (entry.isDirectory()) return NOT_SOURCES.has(entry.name) ? [] : sourceFiles(endings, path);
      return endings.some((ending) => entry.name.endsWith(ending)) ? [path] : [];
    })
    .sort();
}
