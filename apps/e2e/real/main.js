/**
 * Programs that others wrote, over Relay, in network namespaces. As root, after a build:
 *
 *     pnpm --filter @relay/e2e real [SCENARIO…] [--engine native|dgram]
 *
 * One line for each scenario and engine. Ends with 1 if one of them failed, with 2 if nothing could
 * be tried.
 */
import { runScenarios } from './frame/run-scenarios.js';
import { SCENARIOS } from './scenarios.js';

process.exitCode = await runScenarios('real', SCENARIOS);
