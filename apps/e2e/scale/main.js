/**
 * The promises about load, in network namespaces. As root, after a build:
 *
 *     pnpm --filter @relay/e2e scale [SCENARIO…] [--engine native|dgram]
 *
 * One line for each scenario and engine, with the figures. Ends with 1 if a promise does not hold.
 */
import { runScenarios } from '../real/frame/run-scenarios.js';
import { SCENARIOS } from './scenarios.js';

process.exitCode = await runScenarios('scale', SCENARIOS);
