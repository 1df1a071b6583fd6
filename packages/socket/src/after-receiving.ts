import { madeNativeLoop } from './native/native-loop.js';

/**
 * Calls `run` once, after every socket of this thread that is ready now has delivered its
 * datagrams. One call can then send the answers to datagrams of many sockets. Sockets of the native
 * engine are read together, and `run` follows at once. In all other cases, `run` follows with
 * `setImmediate`. An error that `run` throws is an uncaught exception. Returns a function that
 * cancels the call.
 */
export function afterReceiving(run: () => void): () => void {
  const loop = madeNativeLoop();
  const once = (): void => run();
  if (loop?.atEndOfTurn(once)) return () => loop.cancel(once);
  const immediate = setImmediate(once);
  return () => clearImmediate(immediate);
}
