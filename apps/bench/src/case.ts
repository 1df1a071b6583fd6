/**
 * One named measurement. A case names its reference. A claim in docs/performance.md names its case.
 */
export interface BenchmarkCase {
  /**
   * The name `layer/what/…`, for instance `packet/compact/decode`. The filter of `pnpm bench
   * FILTER` matches any part of it.
   */
  readonly name: string;
  /**
   * Runs the measurement. `seconds` is how long it may take. `smoke` asks for the shortest run that
   * proves it works.
   */
  run(options: BenchmarkOptions): Promise<Measurement[]>;
}

export interface BenchmarkOptions {
  readonly seconds: number;
  readonly smoke: boolean;
}

/** One row of the result. */
export interface Measurement {
  readonly subject: string;
  readonly value: number;
  readonly unit: string;
  /** The ratio to the case's reference in the same run. The reference itself has 1. */
  readonly ratio?: number;
}
