// Runs jest as often as it is asked to, in one process: a run costs a fraction of what a new
// process costs. In: `{ tests, withCoverage, testTimeout }`, paths within the package. Out: `{
// failed, durations, lines }`.
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';

const { runCLI } = createRequire(import.meta.url)('jest');
const folder = process.cwd();
const FAIL_FAST = join(import.meta.dirname, 'fail-fast-environment.js');
const [cacheDirectory] = process.argv.slice(2);

process.on('message', (request) => {
  run(request).then(
    (answer) => process.send(answer),
    (error) => process.send({ failed: [String(error)], messages: [], durations: {}, lines: {} }),
  );
});

async function run({ tests, withCoverage, testTimeout }) {
  const flags = { runInBand: true, silent: true, reporters: [], cacheDirectory, runTestsByPath: true, env: FAIL_FAST };
  const coverage = withCoverage
    ? { coverage: true, coverageReporters: ['none'], collectCoverageFrom: ['src/**/*.ts'], coverageProvider: 'v8' }
    : {};
  const { results } = await runCLI(
    { $0: 'jest', _: tests, ...flags, ...coverage, ...(testTimeout !== undefined && { testTimeout }) },
    [folder],
  );
  const failed = results.testResults.filter(
    ({ numFailingTests, testExecError }) => numFailingTests > 0 || testExecError,
  );
  return {
    failed: failed.map(({ testFilePath }) => relative(folder, testFilePath)),
    messages: failed.map(({ failureMessage }) => failureMessage),
    durations: Object.fromEntries(
      results.testResults.map(({ testFilePath, perfStats }) => [relative(folder, testFilePath), perfStats.runtime]),
    ),
    lines: withCoverage ? linesThatRan(results.coverageMap) : {},
  };
}

/** By source file of which some part ran: the lines that ran. */
function linesThatRan(coverageMap) {
  const lines = coverageMap.files().map((path) => {
    const hits = Object.entries(coverageMap.fileCoverageFor(path).getLineCoverage());
    return [relative(folder, path), hits.flatMap(([line, count]) => (count > 0 ? [Number(line)] : []))];
  });
  return Object.fromEntries(lines.filter(([, ran]) => ran.length > 0));
}
