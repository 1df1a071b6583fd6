import { describe, expect, test } from '@jest/globals';
import { SCENARIOS } from './scenarios.js';
import { Simulation } from './simulation.js';

// A few runs of each here; thousands by `pnpm --filter @relay/session soak`.
const SEEDS = [1, 2];

describe.each(SCENARIOS)('when $name', ({ accidents, runMs, usableWithinMs }) => {
  test.each(SEEDS)('payloads come through, each once, with no gap above the promise (seed %i)', (seed) => {
    const simulation = new Simulation(seed, accidents);
    simulation.run(runMs);
    expect(simulation.toServer.longestGapMs).toBeLessThan(usableWithinMs);
    expect(simulation.toClient.longestGapMs).toBeLessThan(usableWithinMs);
    expect(simulation.mostSessions).toBeLessThanOrEqual(2);
  });
});
