import { writeSync } from 'node:fs';

// The signals that end a process by default and that a program may be ended with while its screen
// is open.
const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs `restore` when the process ends in whatever way lets it run code: return, process.exit, an
 * uncaught error (before its trace is printed), or an ending signal that nothing else listens to.
 * Returns the function that gives this up.
 */
export function restoreAtExit(restore: () => void): () => void {
  const onSignal = (signal: NodeJS.Signals): void => {
    if (process.listenerCount(signal) > 1) return;
    restore();
    release();
    process.kill(process.pid, signal);
  };
  const release = (): void => {
    process.off('exit', restore);
    for (const signal of ENDING_SIGNALS) process.off(signal, onSignal);
  };
  process.once('exit', restore);
  for (const signal of ENDING_SIGNALS) process.on(signal, onSignal);
  return release;
}

/**
 * Writes at once where the output has a file descriptor, since at the end of a process nothing
 * asynchronous runs any more.
 */
export function writeNow(output: NodeJS.WritableStream, text: string): void {
  if ('fd' in output && typeof output.fd === 'number') {
    try {
      writeSync(output.fd, text);
      return;
    } catch {
      // The terminal is gone or not ready: the stream's own way is the last try.
    }
  }
  output.write(text);
}
