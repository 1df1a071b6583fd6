/**
 * Makes a function that does this work once at a time. While a run goes on, at most one more waits,
 * and all who ask before that one begins have its outcome: it sees whatever they have changed.
 */
export function coalesced<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  let waiting: Promise<T> | undefined;
  const begin = (): Promise<T> => {
    waiting = undefined;
    const run = work();
    const ended = (): void => {
      if (running === run && waiting === undefined) running = undefined;
    };
    running = run;
    run.then(ended, ended);
    return run;
  };
  return () => (running === undefined ? begin() : (waiting ??= running.then(begin, begin)));
}
