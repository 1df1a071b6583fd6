// Prints what failed, and the true totals of the last run over all packages, those against other
// programs and under sanitizers included: "N passed, N failed".
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const RUNS = ['test', 'interop', 'sanitize'];
const totals = { passed: 0, failed: 0, skipped: 0 };
for (const group of ['packages', 'apps']) {
  for (const name of readdirSync(join(root, group))) {
    const folder = join(root, group, name);
    if (!existsSync(join(folder, 'jest.config.js'))) continue;
    for (const run of RUNS) {
      const file = join(folder, '.turbo', `${run}-totals.json`);
      if (!existsSync(file)) {
        if (run !== 'test') continue;
        console.log(`${group}/${name}: its tests did not run`);
        totals.failed++;
        continue;
      }
      const { passed, failed, skipped, failures } = JSON.parse(readFileSync(file, 'utf8'));
      totals.passed += passed;
      totals.failed += failed;
      totals.skipped += skipped;
      for (const failure of failures) console.log(`${group}/${name}:\n${failure}`);
    }
  }
}
const { passed, failed, skipped } = totals;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
