import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Jest reporter: leaves a package's totals, and what its failed tests said, in
 * `.turbo/test-totals.json`, where turborepo's cache keeps them too; other runs name theirs.
 */
export default class TotalsReporter {
  constructor(config) {
    this.folder = join(config.rootDir, '.turbo');
  }

  onRunComplete(
    _contexts,
    { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, numPendingTests, testResults },
  ) {
    mkdirSync(this.folder, { recursive: true });
    const totals = {
      passed: numPassedTests,
      failed: numFailedTests + numRuntimeErrorTestSuites,
      skipped: numPendingTests,
      failures: testResults.flatMap(({ failureMessage }) => failureMessage ?? []),
    };
    writeFileSync(join(this.folder, `${process.env.TEST_RUN ?? 'test'}-totals.json`), JSON.stringify(totals));
  }
}
