/** Work that no caller waits for. Its errors are logged, and the program goes on. */
import { types } from 'node:util';
import type { Logger } from '@relay/logging';

/** The part of a logger that takes errors. */
export type FaultLog = Pick<Logger, 'error'>;

/** The longest interval in ms. `setInterval` would fire each ms with a longer one. */
const LONGEST_INTERVAL_MS = 2 ** 31 - 1;

/**
 * Makes a function for a timer, watcher, signal or event to call. The function does the work and
 * never throws. The work may return a promise, which may reject. A failure is logged as the error
 * `WHAT failed`, and the log folds repetitions into one line a minute.
 */
export function guarded<A extends readonly unknown[]>(
  log: FaultLog,
  what: string,
  work: (...args: A) => unknown,
): (...args: A) => void {
  const failed = (error: unknown): void => log.error(`${what} failed`, { error });
  return (...args) => {
    try {
      const result = work(...args);
      if (types.isPromise(result)) result.catch(failed);
    } catch (error) {
      failed(error);
    }
  };
}

/**
 * Does the {@link guarded} work at each interval, in ms, until the caller calls the returned
 * function. If the interval is longer than a timer allows, the work runs every 24 days. The timer
 * does not keep the process alive.
 */
export function repeat(log: FaultLog, what: string, intervalMs: number, work: () => unknown): () => void {
  const timer = setInterval(guarded(log, what, work), Math.min(intervalMs, LONGEST_INTERVAL_MS));
  timer.unref();
  return () => clearInterval(timer);
}
