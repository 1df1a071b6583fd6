const DEADLINE_MS = 60_000;
const LOOK_EVERY_MS = 20;

/**
 * Repeats `look` until it no longer throws, and returns its result. After the deadline it throws
 * the last error.
 */
export async function eventually<T>(look: () => T | Promise<T>, deadlineMs = DEADLINE_MS): Promise<T> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (Date.now() >= end) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
