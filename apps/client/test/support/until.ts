import { setTimeout } from 'node:timers/promises';

/**
 * Resolves as soon as the condition holds. If it never does, the time limit of the test ends the
 * wait. The process idles between checks.
 */
export async function until(condition: () => unknown): Promise<void> {
  while (!condition()) await setTimeout(1);
}
