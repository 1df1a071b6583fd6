/**
 * One named measurement. Cases say what they compare with; a claim in docs/performance.md names its
 * case.
 */
export interface BenchmarkCase {
  /**
   * `layer/what/…`, for instance `packet/compact/decode`; the filter of `pnpm bench FILTER` matches
   * any part of it.
   */
  readonly name: string;
  /**
   * Runs the measurement; `seconds` is how long it may take, and `smoke` asks for the shortest run
   * that proves it works.
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
  /** Against the case's reference in the same run; 1 is the reference itself. */
  readonly ratio?: number;
}
