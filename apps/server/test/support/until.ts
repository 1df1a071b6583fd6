import { setTimeout } from 'node:timers/promises';

/**
 * Resolves as soon as the condition holds; if it never does, the test's own time limit ends the
 * wait. Lets the process idle between looks.
 */
export async function until(condition: () => unknown): Promise<void> {
  while (!condition()) await setTimeout(1);
}
