import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Jest reporter: leaves a package's totals in `.turbo/test-totals.json`, where turborepo's cache keeps them too. */
export default class TotalsReporter {
  constructor(config) {
    this.folder = join(config.rootDir, '.turbo');
  }

  onRunComplete(_contexts, { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, numPendingTests }) {
    mkdirSync(this.folder, { recursive: true });
    const totals = {
      passed: numPassedTests,
      failed: numFailedTests + numRuntimeErrorTestSuites,
      skipped: numPendingTests,
    };
    writeFileSync(join(this.folder, 'test-totals.json'), JSON.stringify(totals));
  }
}
