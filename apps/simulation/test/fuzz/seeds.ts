/**
 * Returns the seeds of one run: `count` seeds from 1 on. SEED changes the first one and SEEDS the
 * number: `SEED=100 SEEDS=5000 pnpm --filter @relay/simulation test fuzz`.
 */
export function fuzzSeeds(count: number): number[] {
  const { SEED = '1', SEEDS = `${count}` } = process.env;
  return Array.from({ length: Number(SEEDS) }, (_, i) => Number(SEED) + i);
}
