// Builds a package before it is started in a clone. Everything goes to stderr: the stdout of
// `pnpm --silent --filter server start invite NAME` is the invitation and nothing else.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const [name = ''] = process.argv.slice(2);
const dist = join(root, 'apps', name.replace('@relay/', ''), 'dist');
if (!existsSync(dist)) console.error('Building Relay: about a minute the first time …');
const args = ['run', 'build', `--filter=${name}`, '--output-logs=errors-only'];
const turbo = join(root, 'node_modules', 'turbo', 'bin', 'turbo');
const { status } = spawnSync(process.execPath, [turbo, ...args], {
  cwd: root,
  env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1' },
  stdio: ['ignore', 2, 2],
});
process.exitCode = status ?? 1;
