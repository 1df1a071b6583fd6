// Builds the addon of the package in the current folder if a compiler, Python and Node's headers
// are present. Otherwise it prints one line and succeeds, because the package is complete without
// the addon. It downloads nothing. (binding.gyp lies in native/. If it lay beside package.json,
// package managers would build the addon themselves, and fail.)
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { folderOfHeaders } from './compile.js';
import { fileName, name, native, root } from './package.js';

const addon = join(root, 'build/Release', fileName);

const obstacle = process.platform === 'linux' ? build() : `it is for Linux, this is ${process.platform}`;
if (obstacle) console.log(`${name}: going on without the addon: ${obstacle}`);

/** Returns the obstacle, or undefined. */
function build() {
  if (isUpToDate()) return undefined;
  const headers = folderOfHeaders();
  if (!headers) return "Node's headers are not installed (node_api.h)";
  for (const program of ['make', 'g++', 'python3']) {
    if (spawnSync(program, ['--version'], { stdio: 'ignore' }).status !== 0) return `${program} is not installed`;
  }
  const nodeGyp = createRequire(join(root, 'package.json')).resolve('node-gyp/bin/node-gyp.js');
  const call = [nodeGyp, 'rebuild', `--directory=${native}`, `--nodedir=${headers}`];
  const { status, stdout, stderr } = spawnSync(process.execPath, call, { encoding: 'utf8' });
  if (status !== 0) {
    console.error(stdout + stderr);
    return 'the compiler failed, see above';
  }
  mkdirSync(dirname(addon), { recursive: true });
  copyFileSync(join(native, 'build/Release', fileName), addon);
  return undefined;
}

function isUpToDate() {
  if (!existsSync(addon)) return false;
  const built = statSync(addon).mtimeMs;
  const files = readdirSync(native).filter((file) => /\.(?:c|h|gyp)$/.test(file));
  return files.every((file) => statSync(join(native, file)).mtimeMs <= built);
}
