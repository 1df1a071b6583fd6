/**
 * On a terminal SIGHUP says that it was closed; elsewhere it asks a program to read its
 * configuration again, as is the custom.
 */
const hasTerminal = (): boolean => process.stdin.isTTY || process.stdout.isTTY;
const stopSignals = (): NodeJS.Signals[] => ['SIGINT', 'SIGTERM', ...(hasTerminal() ? ['SIGHUP' as const] : [])];

/**
 * How long a clean end may take before the program ends all the same, in ms (interface.md promises
 * a second).
 */
const CLEAN_END_MS = 900;

/**
 * Calls `stop` at the first signal to stop; the process ends at once at a second one, or where the
 * end takes too long. Returns a function that takes the handlers away again: what was to be done is
 * done, and whatever still keeps the process alive (a name that is being looked up) is no failure.
 */
function onStopSignal(stop: () => void): () => void {
  let isStopping = false;
  let isDone = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (isStopping) process.exit(signal === 'SIGINT' ? 130 : 143);
    isStopping = true;
    setTimeout(() => process.exit(isDone ? undefined : 1), CLEAN_END_MS).unref();
    stop();
  };
  const signals = stopSignals();
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    isDone = true;
    for (const signal of signals) process.off(signal, onSignal);
  };
}

/** Runs `work` until a stop signal comes or it calls `stop` itself. */
export async function untilStopped(work: (stop: () => void, stopped: Promise<void>) => Promise<void>): Promise<void> {
  let stop = (): void => undefined;
  const stopped = new Promise<void>((resolve) => (stop = resolve));
  const release = onStopSignal(stop);
  try {
    await work(stop, stopped);
  } finally {
    release();
  }
}

/**
 * Calls `reload` at each SIGHUP that does not mean the end, until the function that is returned is
 * called.
 */
export function onReloadSignal(reload: () => void): () => void {
  if (hasTerminal()) return () => undefined;
  process.on('SIGHUP', reload);
  return () => {
    process.off('SIGHUP', reload);
  };
}
