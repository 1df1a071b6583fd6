import { expect } from '../../real/frame/expect.js';
import { COMPILER, compile } from '../frame/compile.js';
import { median, ranNs } from '../frame/processor.js';

const LOCAL = '127.0.0.1';
const WINDOW = 64;
const ROUNDS = 9;
const ROUND_MS = 1_000;
const MAX_RATIO = 1.3;
const MAX_PASSES = 5;
const SETTING_UP_MS = 60_000;
const FEW = { name: 'few', sources: 100, targets: 1, port: 20_000, listen: 7_878 };
const MANY = { port: 21_000, listen: 7_879 };

/** A round trip through many live flows costs at most 1.3 times as much as through 100. */
const liveFlows = (many) => ({
  packages: COMPILER,
  engines: ['native'],
  async run(lab) {
    const [echo, rounds] = ['echo', 'rounds'].map((name) => compile(lab, name));
    const sides = [];
    for (const side of [FEW, { ...MANY, ...many, name: 'many' }])
      sides.push(await startSide(lab, { echo, rounds }, side));
    const costs = sides.map(() => []);
    const ratios = [];
    for (let round = 0; round < ROUNDS; round++) {
      // They take turns to be the first.
      for (const i of round % 2 === 0 ? [0, 1] : [1, 0]) costs[i].push(await costOf(sides[i]));
      ratios.push(costs[1].at(-1) / costs[0].at(-1));
    }
    const flows = (await lab.relays[1].status('server')).flows;
    expect(flows >= many.sources * many.targets, `${flows} flows are left`);
    const [few, lots] = costs.map((list) => `${(median(list) / 1e3).toFixed(1)} µs`);
    const ratio = median(ratios);
    const seen = `${flows} flows, ${many.targets} targets: ${lots} of processor a round trip, 100 flows ${few}`;
    const lost = sides.reduce((sum, side) => sum + side.lost, 0);
    const words = `${seen}, ratio ${ratio.toFixed(2)} (${ratios.map((one) => one.toFixed(2)).join(' ')}), ${lost} lost`;
    expect(ratio <= MAX_RATIO, words);
    return words;
  },
});

/** Starts targets, a relay to them, and what goes through it; opens all flows. */
async function startSide(lab, { echo, rounds }, { name, sources, targets, port, listen }) {
  const { server: place } = lab;
  await place.start(echo, [LOCAL, port, targets]).says(/listens/);
  const forward = `${port + 500}-${port + 500 + targets - 1}=${LOCAL}:${port}-${port + targets - 1}`;
  // Half of them may be such whose source has not sent again after an answer.
  const most = 2.5 * sources * targets;
  const relay = await lab.startRelay(
    { forwards: [`${forward};maxFlows=${most};idle=10m`] },
    {
      ...{ name, port: listen, address: LOCAL, clientPlace: place, allow: ['127.0.0.0/8'] },
      flags: ['--max-flows', most, '--max-flows-per-client', most, '--idle', '10m'],
    },
  );
  const program = place.start(rounds, [LOCAL, port + 500, targets, sources, WINDOW]);
  const side = { program, pids: relay.names.map((one) => relay.pid(one)), lost: 0 };
  // Openings are limited to 2,000 a second.
  for (let pass = 0, flows = 0; flows < sources * targets; pass++) {
    expect(pass < MAX_PASSES, `${flows} flows after ${pass} passes`);
    await runRound(side, 0);
    ({ flows } = await relay.status('server'));
  }
  await runRound(side, ROUND_MS);
  return side;
}

/** The time that server and client have run for a round trip, ns. */
async function costOf(side) {
  const before = ranNs(side.pids);
  const { roundTrips } = await runRound(side, ROUND_MS);
  return (ranNs(side.pids) - before) / roundTrips;
}

async function runRound(side, ms) {
  const since = side.program.said.length;
  side.program.write(`${ms}\n`);
  const [line] = await side.program.says(/\{.*\}\n/, { since, withinMs: SETTING_UP_MS });
  const result = JSON.parse(line);
  if (ms > 0) side.lost += result.lost;
  return result;
}

export const oneTarget = liveFlows({ sources: 10_000, targets: 1 });
export const manyTargets = liveFlows({ sources: 100, targets: 200 });
