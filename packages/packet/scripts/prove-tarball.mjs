// Installs the packed tarball alone in an empty folder outside the workspace, and uses it there as
// strangers do: import and require on every supported Node.js, TypeScript under each module
// resolution, the README's first example as it is written. Prints what it saw; exits with 1 if
// anything fails. Needs the npm registry for other versions of Node.js. `node
// scripts/prove-tarball.mjs [20 22 …]`
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { buildSync } from 'esbuild';

const packageFolder = fileURLToPath(new URL('..', import.meta.url));
const tsc = fileURLToPath(new URL('../../../node_modules/typescript/bin/tsc', import.meta.url));
const versions = process.argv.slice(2).length > 0 ? process.argv.slice(2) : ['20', '22', '24', '26'];
const folder = mkdtempSync(join(tmpdir(), 'relay-packet-consumer-'));
const inFolder = (command, args) =>
  execFileSync(command, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
const write = (name, content) => writeFileSync(join(folder, name), content);

try {
  execFileSync('pnpm', ['pack', '--pack-destination', folder], { cwd: packageFolder, stdio: 'ignore' });
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  console.log(`${tarball}: ${statSync(join(folder, tarball)).size} bytes packed`);
  write('package.json', JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  inFolder('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', `./${tarball}`]);
  const installed = readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'));
  const manifest = JSON.parse(readFileSync(join(folder, 'node_modules/@relay/packet/package.json'), 'utf8'));
  if (installed.join() !== '@relay' || manifest.dependencies !== undefined)
    throw new Error(`dependencies: ${installed.join()}`);
  console.log('dependencies: none');

  const [, example] = /^```ts\n([\s\S]*?)^```$/m.exec(readFileSync(join(packageFolder, 'README.md'), 'utf8'));
  const promised = [...example.matchAll(/; \/\/ (.*)$/gm)].map(([, output]) => output).join('\n');
  write('example.mjs', example);
  write(
    'import.mjs',
    "import { FRAME, parseEndpoint } from '@relay/packet';\nconsole.log(FRAME.compact, parseEndpoint('[::1]:53').port);\n",
  );
  write(
    'require.cjs',
    "const { FRAME, parseEndpoint } = require('@relay/packet');\nconsole.log(FRAME.compact, parseEndpoint('[::1]:53').port);\n",
  );
  for (const version of versions) {
    const run = (file) => inFolder('npx', ['-y', `node@${version}`, '--no-warnings', file]).trim();
    const outputs = [run('import.mjs'), run('require.cjs'), run('example.mjs')];
    if (outputs.join('|') !== ['1 53', '1 53', promised].join('|'))
      throw new Error(`Node.js ${version}: ${outputs.join('|')}`);
    write('version.mjs', 'console.log(process.version)');
    console.log(`Node.js ${run('version.mjs')}: import, require, README example`);
  }

  write('example.ts', `${example}\nexport const flag: number = packet.size;\n`);
  for (const [module, moduleResolution] of [
    ['node16', 'node16'],
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ]) {
    const compilerOptions = {
      strict: true,
      noEmit: true,
      target: 'es2022',
      lib: ['es2022', 'dom'],
      types: [],
      module,
      moduleResolution,
    };
    write('tsconfig.json', JSON.stringify({ compilerOptions, files: ['example.ts'] }));
    inFolder(process.execPath, [tsc, '-p', '.']);
    console.log(`TypeScript compiles the example under ${moduleResolution}`);
  }

  for (const [what, contents] of [
    ['UdpPacket alone', "export { UdpPacket } from '@relay/packet';"],
    ['all of it', "export * from '@relay/packet';"],
  ]) {
    const { outputFiles } = buildSync({
      stdin: { contents, resolveDir: folder },
      bundle: true,
      minify: true,
      format: 'esm',
      write: false,
    });
    const [{ contents: bundle }] = outputFiles;
    console.log(`bundle of ${what}: ${bundle.length} bytes, ${gzipSync(bundle).length} compressed`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
