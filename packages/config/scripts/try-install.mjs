// Packs this package, installs the tarball alone in an empty project, and uses it there as a
// stranger would:
//   pnpm --filter @relay/config build && pnpm --filter @relay/config try-install
// First a program of ten lines, checked by TypeScript and run; then a larger one, started with each
// of the wrong configurations of test/vectors: all of its mistakes on stderr, exit code 2, nothing
// started.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'relay-config-install-'));
const run = (command, args, options = {}) => execFileSync(command, args, { cwd: folder, encoding: 'utf8', ...options });

const tenLines = `import { defineSchema, loadConfiguration, option } from '@relay/config';
const schema = defineSchema(
  {
    listen: option({ format: 'endpoint', default: '127.0.0.1:8080', doc: 'Where requests come in.' }),
    idle: option({ format: 'duration', default: '30s', doc: 'How long a silent client is kept.' }),
  },
  { program: 'my-tool' },
);
const { values } = loadConfiguration(schema, { file: process.argv[2], environment: process.env });
const port: number = values.listen.port;
console.log(port, values.idle);
`;

const program = `import { ConfigurationError, loadConfiguration } from '@relay/config';
import { schema } from './relay.mjs';
try {
  const { file, environment, flags } = JSON.parse(process.argv[2]);
  loadConfiguration(schema, { ...(file && { file }), environment, flags, fileOption: 'config' });
  console.log('started');
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
`;

try {
  run('pnpm', ['pack', '--pack-destination', folder], { cwd: root });
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  writeFileSync(join(folder, 'package.json'), '{ "name": "stranger", "private": true, "type": "module" }');
  run('npm', ['install', '--no-audit', '--no-fund', '--silent', `./${tarball}`, 'typescript@6', '@types/node@20']);
  tryTenLines();
  await tryWrongConfigurations();
} finally {
  rmSync(folder, { recursive: true });
}

function tryTenLines() {
  writeFileSync(join(folder, 'ten.ts'), tenLines);
  run('npx', ['tsc', '--module', 'nodenext', '--target', 'es2023', '--strict', '--types', 'node', 'ten.ts']);
  writeFileSync(join(folder, 'mine.toml'), 'listen = "[::1]:53"\n');
  assert.equal(run('node', ['ten.js']), '8080 30000\n');
  assert.equal(run('node', ['ten.js', 'mine.toml'], { env: { ...process.env, MY_TOOL_IDLE: '5m' } }), '53 300000\n');
  assert.equal(run('node', ['-p', "typeof require('@relay/config').loadConfiguration"]), 'function\n');
  console.log('ten lines: typed, checked and run from the tarball; import and require');
}

async function tryWrongConfigurations() {
  const source = readFileSync(join(root, 'test/relay.ts'), 'utf8').replace('../src/index.js', '@relay/config');
  const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 };
  writeFileSync(join(folder, 'relay.mjs'), ts.transpileModule(source, { compilerOptions: options }).outputText);
  writeFileSync(join(folder, 'program.mjs'), program);
  const vectors = JSON.parse(readFileSync(join(root, 'test/vectors/wrong-configurations.json'), 'utf8'));
  for (const { given, problems } of vectors) {
    const { environment, flags, ...texts } = given;
    const [ending, text] = Object.entries(texts)[0] ?? [];
    const file = ending && `relay.${ending}`;
    if (file) writeFileSync(join(folder, file), text);
    const { code, stdout, stderr } = await start(JSON.stringify({ file, environment, flags }));
    assert.deepEqual({ code, stdout, stderr }, { code: 2, stdout: '', stderr: `${problems.join('\n')}\n` });
  }
  const right = await start(JSON.stringify({ flags: { server: 'relay://k@h:1' } }));
  assert.deepEqual(right, { code: 0, stdout: 'started\n', stderr: '' });
  console.log(`${vectors.length} wrong configurations: all mistakes told, exit code 2, nothing started`);
}

function start(argument) {
  return new Promise((resolve) => {
    const child = spawn('node', ['program.mjs', argument], { cwd: folder });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk) => (stdout += chunk));
    child.stderr.on('data', (chunk) => (stderr += chunk));
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}
