// Says which links of the Markdown files lead nowhere: to a file of this repository that is not
// there, or to a heading that its page does not have. Addresses of the web are left alone.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { sourceFiles } from './source-files.js';

const root = join(import.meta.dirname, '..');
const LINK = /\[[^\]]*\]\(([^()\s]+)\)/g;
const CODE_BLOCK = /^(```|~~~).*?^\1/gms;

const broken = sourceFiles(['.md']).flatMap((file) => {
  const text = readFileSync(join(root, file), 'utf8').replaceAll(CODE_BLOCK, '');
  return [...text.matchAll(LINK)].flatMap(([, target]) => {
    const fault = /^[a-z]+:/.test(target) ? undefined : faultOf(file, target);
    return fault === undefined ? [] : [`${file}: ${target}: ${fault}`];
  });
});
for (const line of broken) console.error(line);
if (broken.length > 0) process.exitCode = 1;

/** Why a link of this file leads nowhere. */
function faultOf(file, target) {
  const [path, heading] = target.split('#');
  const page = path === '' ? file : posix.join(dirname(file), path);
  if (!existsSync(join(root, page))) return 'no such file';
  if (heading === undefined || statSync(join(root, page)).isDirectory()) return undefined;
  return headingsOf(page).has(heading) ? undefined : 'no such heading';
}

/** The names that a reader's page gives its headings, as GitHub makes them. */
function headingsOf(page) {
  const text = readFileSync(join(root, page), 'utf8').replaceAll(CODE_BLOCK, '');
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, words]) => words);
  return new Set(
    headings.map((words) =>
      words
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replaceAll(/\s/g, '-'),
    ),
  );
}
