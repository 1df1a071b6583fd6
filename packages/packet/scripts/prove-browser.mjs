// Runs every vector in Chromium, on the bundled sources: `node scripts/prove-browser.mjs [path of
// chromium]`. Exits with 1 if one fails.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const chromium = process.argv[2] ?? 'chromium';
const packageFolder = fileURLToPath(new URL('..', import.meta.url));
const vectorFiles = readdirSync(join(packageFolder, 'vectors')).filter((name) => name.endsWith('.json'));

const page = `
  import { checkVectors } from './test/vectors/vectors.ts';
  ${vectorFiles.map((name, i) => `import file${i} from './vectors/${name}';`).join('\n')}
  const files = { ${vectorFiles.map((name, i) => `'${name}': file${i}`).join(', ')} };
  let passed = 0;
  const failed = [];
  for (const [name, file] of Object.entries(files)) {
    for (const result of checkVectors(name, file)) {
      if (result.problem === undefined) passed++;
      else failed.push(result.name + ': ' + result.problem);
    }
  }
  document.body.textContent = JSON.stringify({ agent: navigator.userAgent, passed, failed });
`;
const folder = mkdtempSync(join(tmpdir(), 'relay-packet-browser-'));
try {
  const { outputFiles } = buildSync({
    stdin: { contents: page, resolveDir: packageFolder },
    bundle: true,
    format: 'iife',
    platform: 'browser',
    write: false,
  });
  writeFileSync(join(folder, 'page.html'), `<!doctype html><body><script>${outputFiles[0].text}</script></body>`);
  const flags = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    `--user-data-dir=${join(folder, 'profile')}`,
    '--dump-dom',
  ];
  const dom = execFileSync(chromium, [...flags, `file://${join(folder, 'page.html')}`], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 120_000,
  });
  const { agent, passed, failed } = JSON.parse(/<body>(\{.*\})<\/body>/.exec(dom)?.[1] ?? '{"failed":["no result"]}');
  console.log(`${agent}\n${passed} vectors passed, ${failed.length} failed`);
  for (const line of failed) console.log(line);
  process.exitCode = failed.length > 0 || passed === 0 ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true });
}
