const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** How long a clean end may take before the program ends all the same, in ms (interface.md promises a second). */
const CLEAN_END_MS = 900;

/**
 * Calls `stop` at the first SIGINT or SIGTERM; the process ends at once at a second one, or where `stop` takes too long.
 * Returns a function that takes the handlers away again.
 */
function onStopSignal(stop: () => void): () => void {
  let isStopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (isStopping) process.exit(signal === 'SIGINT' ? 130 : 143);
    isStopping = true;
    setTimeout(() => process.exit(1), CLEAN_END_MS).unref();
    stop();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return () => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
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

/** Calls `reload` at each SIGHUP, until the function that is returned is called. */
export function onReloadSignal(reload: () => void): () => void {
  process.on('SIGHUP', reload);
  return () => {
    process.off('SIGHUP', reload);
  };
}
