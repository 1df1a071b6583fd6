import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { createLogging, type LoggingOptions } from '../../src/index.js';
import { fileLines, logFiles } from './folder.js';

export interface SequenceResult {
  readonly files: number;
  /** By logger, how often its next number was not the one expected, or a line was none of ours. */
  readonly faults: number;
  readonly lines: number;
  readonly largestFileBytes: number;
  readonly largestTotalBytes: number;
  readonly lostLines: number;
}

const LOGGERS = 8;
// So many lines are logged before the event loop gets a turn, as a busy program would.
const BURST = 500;

/** Logs numbered lines from eight loggers through rotation, reads all files back and compares. */
export async function logSequence(
  lines: number,
  options: LoggingOptions & { directory: string },
): Promise<SequenceResult> {
  const logging = createLogging({ console: false, ...options });
  const loggers = Array.from({ length: LOGGERS }, (_, index) => logging.logger(`scope-${index}`));
  let largestTotalBytes = 0;
  for (let number = 0; number < lines / LOGGERS; number++) {
    for (const logger of loggers) logger.info('a datagram was forwarded', { number, flow: number % 1000 });
    if ((number * LOGGERS) % BURST < LOGGERS) await setImmediate();
    if (number % 50_000 === 0) largestTotalBytes = Math.max(largestTotalBytes, totalBytes(options.directory));
  }
  await logging.close();
  return { ...readBack(options.directory), largestTotalBytes, lostLines: logging.lostLines };
}

function readBack(folder: string) {
  const next = new Map<string, number>();
  const result = { files: 0, faults: 0, lines: 0, largestFileBytes: 0 };
  for (const name of logFiles(folder)) {
    result.files++;
    const path = join(folder, name);
    const lines = fileLines(path);
    // Of a compressed file, what it was before.
    const bytes = name.endsWith('.gz')
      ? lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0)
      : statSync(path).size;
    result.largestFileBytes = Math.max(result.largestFileBytes, bytes);
    for (const line of lines) {
      const { scope, number } = JSON.parse(line) as { scope: string; number: number };
      if (number !== (next.get(scope) ?? 0)) result.faults++;
      next.set(scope, number + 1);
      result.lines++;
    }
  }
  return result;
}

function totalBytes(folder: string): number {
  return readdirSync(folder).reduce(
    (sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}
