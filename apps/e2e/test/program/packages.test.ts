// The first program of each package's README, compiled as its reader does: outside of this
// workspace, against the packed files and the dependencies that are declared for users.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Folder } from '../support/folder.js';

const ROOT = join(import.meta.dirname, '..', '..', '..', '..');
const COMPILER_OPTIONS = {
  ...{ module: 'NodeNext', target: 'es2022', lib: ['es2024', 'esnext.disposable'], types: ['node'], noEmit: true },
  ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false },
};

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;

/** Unpacks the tarball of a package into node_modules, and links what it depends on beside it. */
function install(source: string, modules: string, tarballs: string): void {
  const { name, dependencies = {} } = manifestOf(source);
  const packed = execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', tarballs], {
    cwd: source,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'], // npm warns of what pnpm has put into the environment
  });
  const [{ filename } = { filename: '' }] = JSON.parse(packed) as { filename: string }[];
  mkdirSync(join(modules, name), { recursive: true });
  execFileSync('tar', ['-xzf', join(tarballs, filename), '-C', join(modules, name), '--strip-components=1']);
  for (const dependency of Object.keys(dependencies)) {
    if (!dependency.startsWith('@relay/')) link(join(source, 'node_modules', dependency), join(modules, dependency));
  }
}

function link(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  if (!existsSync(to)) symlinkSync(realpathSync(from), to);
}

const firstProgram = (readme: string): string | undefined => /^```ts\n([^]*?)^```$/m.exec(readme)?.[1];

test('the first program of each README compiles outside of the workspace, with all types checked', () => {
  using folder = new Folder();
  const modules = folder.at('node_modules');
  mkdirSync(folder.at('tarballs'));
  const packages = readdirSync(join(ROOT, 'packages')).map((name) => join(ROOT, 'packages', name));
  for (const source of packages) install(source, modules, folder.at('tarballs'));
  link(join(ROOT, 'node_modules', '@types', 'node'), join(modules, '@types', 'node'));
  const programs = packages.flatMap((source) => {
    const program = firstProgram(readFileSync(join(source, 'README.md'), 'utf8'));
    if (program === undefined) return [];
    const file = `${manifestOf(source).name.replace('@relay/', '')}.ts`;
    writeFileSync(folder.at(file), program);
    return [file];
  });
  expect(programs.length).toBeGreaterThanOrEqual(7);
  writeFileSync(folder.at('package.json'), '{ "type": "module" }');
  writeFileSync(folder.at('tsconfig.json'), JSON.stringify({ compilerOptions: COMPILER_OPTIONS, files: programs }));
  const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc', { paths: [ROOT] });
  const { stdout, status } = spawnSync(process.execPath, [compiler, '-p', folder.path], { encoding: 'utf8' });
  expect([stdout, status]).toEqual(['', 0]);
});
