// Compiles the addon for publication into prebuilds/linux-ARCH/node.napi.glibc.node, where
// node-gyp-build looks for it. The architectures are x64 and arm64. Debian's cross compiler
// (gcc-x86-64-linux-gnu, gcc-aarch64-linux-gnu) compiles the foreign one. With Node-API one binary
// serves every Node.js.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import process from 'node:process';
import { compileAddon } from './compile-addon.js';

const COMPILERS = { x64: 'x86_64-linux-gnu-gcc', arm64: 'aarch64-linux-gnu-gcc' };

for (const [arch, compiler] of Object.entries(COMPILERS)) {
  const isThere = spawnSync(compiler, ['--version'], { stdio: 'ignore' }).status === 0;
  if (!isThere && arch === process.arch) throw new Error(`${compiler} is not installed`);
  if (!isThere) {
    console.log(`@relay/socket: no prebuilt binary for linux-${arch}: ${compiler} is not installed`);
    continue;
  }
  compileAddon(compiler, fileURLToPath(new URL(`../prebuilds/linux-${arch}/node.napi.glibc.node`, import.meta.url)), [
    '-O2',
    '-s',
  ]);
  console.log(`@relay/socket: prebuilt for linux-${arch}`);
}
