// Runs the tests of the package in the current folder with its addon under AddressSanitizer and
// UndefinedBehaviorSanitizer: all of them, or the files whose path matches an argument. Both
// sanitizers are loaded into node before the addon. Needs gcc. A finding ends the process, and so
// the tests.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { compileAddon } from './compile.js';
import { fileName, name, root } from './package.js';

const jest = fileURLToPath(new URL('../../node_modules/jest/bin/jest.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'relay-sanitize-'));
try {
  const flags = ['-g', '-O1', '-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-fno-omit-frame-pointer'];
  compileAddon('gcc', join(folder, 'build/Release', fileName), flags);
  const libraries = ['libasan.so', 'libubsan.so'].map((library) =>
    execFileSync('gcc', [`-print-file-name=${library}`], { encoding: 'utf8' }).trim(),
  );
  const env = {
    ...process.env,
    LD_PRELOAD: libraries.join(':'),
    // Node and Jest keep their memory until the process ends.
    ASAN_OPTIONS: 'detect_leaks=0:abort_on_error=1',
    UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
    // Where node-gyp-build looks instead.
    [`${name.toUpperCase()}_PREBUILD`]: folder,
  };
  const call = [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    jest,
    '--runInBand',
    ...process.argv.slice(2),
  ];
  process.exitCode = spawnSync(process.execPath, call, { cwd: root, env, stdio: 'inherit' }).status ?? 1;
} finally {
  rmSync(folder, { recursive: true });
}
