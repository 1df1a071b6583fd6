/** Until when a client is let in: for a time, or to the end of a day. */
import { duration, refuse, type Format } from '@relay/config';

/** No timer meets it, only the calendar: its year keeps four digits. */
const MAX_EXPIRES_MS = 36_500 * 86_400_000;
const DAY_MS = 86_400_000;

const forTime = duration({ min: 1000, max: MAX_EXPIRES_MS });

/** A duration in ms, or the last millisecond of a day (UTC) that is not over. */
export const expiry: Format<number | Date> = {
  ...forTime,
  valueName: 'TIME|DATE',
  expected: `a day that is not over, such as 2027-12-31 (to its end, UTC), or ${forTime.expected}`,
  parse(value, form) {
    const end = typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) ? endOfDay(value) : undefined;
    if (end !== undefined) return end;
    const afterMs = forTime.parse(value, form);
    return typeof afterMs === 'number' ? afterMs : refuse(expiry.expected, afterMs.flaws[0]?.suggestion);
  },
};

/** Undefined for a day that is over, that no calendar has, or that is too far away. */
function endOfDay(text: string): Date | undefined {
  const day = new Date(`${text}T00:00:00.000Z`);
  if (Number.isNaN(day.getTime()) || !day.toISOString().startsWith(text)) return undefined;
  const end = new Date(day.getTime() + DAY_MS - 1);
  const inMs = end.getTime() - Date.now();
  return inMs > 0 && inMs <= MAX_EXPIRES_MS ? end : undefined;
}
