/** All scenarios by name: see `runScenarios`. */
import { churn } from './scenarios/churn.js';
import { flood } from './scenarios/flood.js';
import { manyTargets, oneTarget } from './scenarios/live-flows.js';
import { ports } from './scenarios/ports.js';
import { questions } from './scenarios/questions.js';

export const SCENARIOS = {
  questions,
  'live-flows-one-target': oneTarget,
  'live-flows-many-targets': manyTargets,
  churn,
  ports,
  flood,
};
