// Makes apps/e2e/former/release again: both programs as they are at a commit, bundled, so that the
// tests run them without git and without a network.
//
//   node scripts/former-release.js COMMIT
//
// It checks the commit out into a temporary folder and installs its dependencies there, as its own
// lockfile names them. esbuild is among them, so the result depends on the commit alone.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const release = join(root, 'apps', 'e2e', 'former', 'release');
const PROGRAMS = ['server', 'client'];

// Libraries in CommonJS call `require`, which an ES module lacks.
const REQUIRE =
  "import{createRequire as requireOfFormer}from'node:module';const require=requireOfFormer(import.meta.url);";

const [revision] = process.argv.slice(2);
if (revision === undefined) {
  console.error('usage: node scripts/former-release.js COMMIT');
  process.exit(2);
}
const commit = git('rev-parse', '--verify', `${revision}^{commit}`).trim();
const checkout = mkdtempSync(join(tmpdir(), 'relay-former-'));
try {
  checkOut();
  rmSync(release, { recursive: true, force: true });
  const { outputs } = await bundle();
  for (const program of PROGRAMS) writePackage(program);
  writeLicenses(outputs);
  const bytes = Object.values(outputs).reduce((sum, output) => sum + output.bytes, 0);
  console.log(`${commit}: ${bytes} bytes of programs`);
} finally {
  rmSync(checkout, { recursive: true, force: true });
}

/** Writes the files of the commit, and of what it depends on, to the temporary folder. */
function checkOut() {
  const archive = join(checkout, 'commit.tar');
  git('archive', '--format=tar', `--output=${archive}`, commit);
  execFileSync('tar', ['-xf', archive, '-C', checkout]);
  const install = ['-y', 'pnpm@10', 'install', '--frozen-lockfile', '--ignore-scripts', '--prefer-offline'];
  execFileSync('npx', install, { cwd: checkout, stdio: 'inherit' });
}

/**
 * Bundles both programs from their sources; what they share is in files of its own. The addons
 * (native engine, sodium-native) stay out: the programs look for them when they start, and go on
 * without.
 */
async function bundle() {
  const { build } = createRequire(join(checkout, 'packages', 'session', 'package.json'))('esbuild');
  const { metafile } = await build({
    absWorkingDir: checkout,
    entryPoints: PROGRAMS.map((program) => ({
      in: `apps/${program}/src/main.ts`,
      out: `${program}/bin/relay-${program}`,
    })),
    outdir: release,
    chunkNames: 'shared/[hash]',
    conditions: ['@relay/source'],
    ...{ bundle: true, splitting: true, minify: true, keepNames: true, legalComments: 'none', metafile: true },
    ...{ format: 'esm', platform: 'node', target: 'node20.19' },
    banner: { js: REQUIRE },
  });
  return metafile;
}

/** Writes the package.json from which a program reads its version. */
function writePackage(program) {
  const { version } = manifestOf(join(checkout, 'apps', program));
  const content = { description: `relay-${program} of a former release`, version, commit, type: 'module' };
  writeFileSync(join(release, program, 'package.json'), `${JSON.stringify(content, null, 2)}\n`);
}

/** Writes the licences of everything that is in the bundles, in order. */
function writeLicenses(outputs) {
  const inputs = Object.values(outputs).flatMap((output) => Object.keys(output.inputs));
  const folders = new Set(inputs.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []));
  const texts = [...folders].map((folder) => licenseOf(join(checkout, folder)));
  const own = `Relay\n\n${readFileSync(join(checkout, 'LICENSE'), 'utf8')}`;
  const rule = `\n\n${'-'.repeat(80)}\n\n`;
  writeFileSync(
    join(release, 'LICENSES.txt'),
    `${[own, ...texts.sort()].map((text) => text.replaceAll('\r\n', '\n').trim()).join(rule)}\n`,
  );
}

function licenseOf(folder) {
  const { name, version, license } = manifestOf(folder);
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  return `${name} ${version} (${license})\n\n${file === undefined ? '' : readFileSync(join(folder, file), 'utf8')}`;
}

function manifestOf(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

function git(...args) {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8' });
}
