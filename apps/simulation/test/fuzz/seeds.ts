/**
 * The seeds of one run: `count` from 1 on, or from SEED on, and as many as SEEDS says:
 * `SEED=100 SEEDS=5000 pnpm --filter @relay/simulation test fuzz`.
 */
export function fuzzSeeds(count: number): number[] {
  const { SEED = '1', SEEDS = `${count}` } = process.env;
  return Array.from({ length: Number(SEEDS) }, (_, i) => Number(SEED) + i);
}
