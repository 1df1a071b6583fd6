// `pnpm check`: everything CI does. Each step runs even if one before it failed, so that one run
// shows all faults; the end names the steps that failed.
import { spawnSync } from 'node:child_process';

const STEPS = [
  // A script that several packages have runs in turborepo, which remembers what has passed.
  [
    'build, types, lint, tests, package checks',
    'turbo run build typecheck lint test check --concurrency=2 --continue --output-logs=new-only',
  ],
  ['unused files, exports and dependencies', 'knip --no-config-hints'],
  ['format', 'prettier --check --log-level warn .'],
  ['columns of comments', 'node scripts/line-length.js'],
  ['circles of imports', 'node scripts/import-cycles.js'],
  ['comments of exports', 'node scripts/undocumented-exports.js'],
  ['links in Markdown', 'node scripts/links.js'],
  ['docs/troubleshooting.md', 'node scripts/troubleshooting.js'],
  ['docs/configuration.md', 'node scripts/configuration-reference.js --check'],
  ['benchmarks, a smoke run', 'pnpm bench --smoke'],
  ['checks that need more than Node.js', 'node scripts/system-checks.js'],
];

const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1' };
const failed = STEPS.filter(([name, command]) => {
  console.log(`\n── ${name}: ${command}`);
  // A shell finds the programs of node_modules/.bin on every system.
  const { status } = spawnSync(command, { shell: true, stdio: 'inherit', env });
  if (status !== 0) console.error(`── failed: ${name}`);
  return status !== 0;
});

for (const [name, command] of failed) console.error(`failed: ${name} (${command})`);
if (failed.length === 0) console.log('everything passed');
process.exitCode = failed.length === 0 ? 0 : 1;
