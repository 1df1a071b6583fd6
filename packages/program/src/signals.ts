/**
 * On a terminal, SIGHUP means that the terminal was closed. Elsewhere it asks a program to read its
 * configuration again, as is the custom.
 */
const hasTerminal = (): boolean => process.stdin.isTTY || process.stdout.isTTY;
const stopSignals = (): NodeJS.Signals[] => ['SIGINT', 'SIGTERM', ...(hasTerminal() ? ['SIGHUP' as const] : [])];

/**
 * How long a clean end may take, in ms. After that, the process ends anyway. The users' promise is
 * one second (interface.md).
 */
const CLEAN_END_MS = 900;

/**
 * Calls `stop` at the first stop signal. The process ends at once at a second one, or if the end
 * takes too long. Returns a function that removes the handlers. The program calls it when its work
 * is done; if something still keeps the process alive then (such as a name lookup), that is no
 * failure.
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

/** Node.js opens its debugger on a port of this host at SIGUSR1, unless somebody listens. */
const noDebugger = (): void => undefined;

/** Runs `work` until a stop signal comes or it calls `stop` itself. */
export async function untilStopped(work: (stop: () => void, stopped: Promise<void>) => Promise<void>): Promise<void> {
  let stop = (): void => undefined;
  const stopped = new Promise<void>((resolve) => (stop = resolve));
  const release = onStopSignal(stop);
  process.on('SIGUSR1', noDebugger);
  try {
    await work(stop, stopped);
  } finally {
    process.off('SIGUSR1', noDebugger);
    release();
  }
}

/**
 * Calls `reload` at each SIGHUP that does not mean the end, until the caller calls the returned
 * function.
 */
export function onReloadSignal(reload: () => void): () => void {
  if (hasTerminal()) return () => undefined;
  process.on('SIGHUP', reload);
  return () => {
    process.off('SIGHUP', reload);
  };
}
