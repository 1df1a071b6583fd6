import { setTimeout as delay } from 'node:timers/promises';

const DEADLINE_MS = 20_000;
const LOOK_EVERY_MS = 20;

/** Repeats `look` until it no longer throws; after the deadline it throws the last error. */
export async function eventually(look, deadlineMs = DEADLINE_MS) {
  const end = Date.now() + deadlineMs;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (Date.now() >= end) throw error;
    }
    await delay(LOOK_EVERY_MS);
  }
}
