// Compiles the addon of the package in the current folder for publication into
// prebuilds/linux-ARCH/node.napi.glibc.node, where node-gyp-build looks for it. The architectures
// are x64 and arm64. Debian's cross compiler (gcc-x86-64-linux-gnu, gcc-aarch64-linux-gnu) compiles
// the foreign one. With Node-API one binary serves every Node.js.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { compileAddon } from './compile.js';
import { name, root } from './package.js';

const COMPILERS = { x64: 'x86_64-linux-gnu-gcc', arm64: 'aarch64-linux-gnu-gcc' };

for (const [arch, compiler] of Object.entries(COMPILERS)) {
  const isThere = spawnSync(compiler, ['--version'], { stdio: 'ignore' }).status === 0;
  if (!isThere && arch === process.arch) throw new Error(`${compiler} is not installed`);
  if (!isThere) {
    console.log(`${name}: no prebuilt binary for linux-${arch}: ${compiler} is not installed`);
    continue;
  }
  compileAddon(compiler, join(root, `prebuilds/linux-${arch}/node.napi.glibc.node`), ['-O2', '-s']);
  console.log(`${name}: prebuilt for linux-${arch}`);
}
