import { describe, expect, test } from '@jest/globals';
import { SCENARIOS } from '../test/simulation/scenarios.js';
import { Simulation } from '../test/simulation/simulation.js';

/** Simulated time in all runs of a scenario: a day and a half, so 300 to 6,000 runs of it. */
const SIMULATED_MS = 1.4 * 86_400_000;

describe.each(SCENARIOS)('when $name', ({ accidents, runMs, usableWithinMs }) => {
  const runs = Math.floor(SIMULATED_MS / runMs);

  test(`payloads come through, each once, with no gap above the promise, in ${runs} runs`, () => {
    const worst = { seed: 0, gapMs: 0 };
    for (let seed = 1; seed <= runs; seed++) {
      const simulation = new Simulation(seed, accidents);
      simulation.run(runMs);
      const gapMs = Math.max(simulation.toServer.longestGapMs, simulation.toClient.longestGapMs);
      if (gapMs > worst.gapMs) Object.assign(worst, { seed, gapMs });
      if (simulation.mostSessions > 2)
        throw new Error(`${simulation.mostSessions} sessions of one client with seed ${seed}`);
    }
    console.log(`longest gap ${Math.round(worst.gapMs)} ms with seed ${worst.seed}`);
    expect(worst.gapMs).toBeLessThan(usableWithinMs);
  });
});
