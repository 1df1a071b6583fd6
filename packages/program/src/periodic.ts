/** Work that nobody waits for: what it throws is logged, and the program goes on. */
import { types } from 'node:util';
import type { Logger } from '@relay/logging';

/** The part of a logger that takes what went wrong. */
export type FaultLog = Pick<Logger, 'error'>;

/** `setInterval` takes no more, and would fire each ms. */
const LONGEST_INTERVAL_MS = 2 ** 31 - 1;

/**
 * A function for a timer, watcher, signal or event to call: it does the work and never throws, and
 * a promise that the work returns may reject. What goes wrong is logged as an error `WHAT failed`;
 * the log folds repetitions into one line a minute.
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
 * Does the {@link guarded} work at each interval, in ms, until the function that is returned is
 * called; at longer intervals than timers know, every 24 days. The timer does not keep the process
 * alive.
 */
export function repeat(log: FaultLog, what: string, intervalMs: number, work: () => unknown): () => void {
  const timer = setInterval(guarded(log, what, work), Math.min(intervalMs, LONGEST_INTERVAL_MS));
  timer.unref();
  return () => clearInterval(timer);
}
