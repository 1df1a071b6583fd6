// Prints the true totals of the last run over all packages, tests against other programs included: "N passed, N failed".
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const totals = { passed: 0, failed: 0, skipped: 0 };
const missing = [];
for (const group of ['packages', 'apps']) {
  for (const name of readdirSync(join(root, group))) {
    if (!existsSync(join(root, group, name, 'jest.config.js'))) continue;
    const file = join(root, group, name, '.turbo', 'test-totals.json');
    if (!existsSync(file)) {
      missing.push(`${group}/${name}`);
      continue;
    }
    for (const run of [file, file.replace('test-totals', 'interop-totals')]) {
      if (!existsSync(run)) continue;
      const { passed, failed, skipped } = JSON.parse(readFileSync(run, 'utf8'));
      totals.passed += passed;
      totals.failed += failed;
      totals.skipped += skipped;
    }
  }
}
for (const folder of missing) console.log(`${folder}: its tests did not run`);
const failed = totals.failed + missing.length;
console.log(`${totals.passed} passed, ${failed} failed${totals.skipped > 0 ? `, ${totals.skipped} skipped` : ''}`);
process.exitCode = failed > 0 || totals.passed === 0 ? 1 : 0;
