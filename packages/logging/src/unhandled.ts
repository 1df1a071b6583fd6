import { setTimeout } from 'node:timers/promises';
import type { Logger } from './logger.js';

// How long writing the last lines may take; a disk that hangs must not keep a broken process alive.
const CLOSE_TIMEOUT_MS = 2000;

/**
 * Logs an uncaught error or an unhandled rejection and then ends the process with code 1. Returns
 * the function that undoes this.
 */
export function exitOnUnhandledErrors(logger: Logger, close: () => Promise<void>): () => void {
  let isEnding = false;
  // Node raises an unhandled rejection here too, unless it was started with another
  // --unhandled-rejections.
  const onError = (error: unknown, origin: string): void => {
    logger.error('unhandled error, the process ends', { error, origin });
    if (isEnding) process.exit(1);
    isEnding = true;
    void Promise.race([close(), setTimeout(CLOSE_TIMEOUT_MS)]).finally(() => process.exit(1));
  };
  process.on('uncaughtException', onError);
  return () => process.off('uncaughtException', onError);
}
