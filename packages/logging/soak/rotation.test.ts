import { expect, test } from '@jest/globals';
import { temporaryFolder } from '../test/support/folder.js';
import { logSequence } from '../test/support/sequence.js';

const MIB = 1024 * 1024;

test('ten million lines of eight loggers pass through rotation, none lost, none torn, all files within bounds', async () => {
  const lines = Number(process.env.SOAK_LINES ?? 10_000_000);
  const startMs = performance.now();
  const result = await logSequence(lines, {
    directory: temporaryFolder(),
    maxFileBytes: 16 * MIB,
    maxFiles: 1000,
    maxTotalBytes: 8192 * MIB,
  });
  process.stdout.write(`${JSON.stringify({ ...result, seconds: Math.round((performance.now() - startMs) / 1000) })}\n`);
  expect(result).toMatchObject({ lines, faults: 0, lostLines: 0 });
  expect(result.largestFileBytes).toBeLessThanOrEqual(16 * MIB);
}, 1_800_000);
