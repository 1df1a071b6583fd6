import { fstatSync } from 'node:fs';
import type { LogLevel } from '../levels.js';

// Priorities of syslog (RFC 5424, 6.2.1) as sd-daemon(3) wants them before each line.
const PRIORITIES: Readonly<Record<LogLevel, string>> = {
  error: '<3>',
  warn: '<4>',
  info: '<6>',
  debug: '<7>',
  trace: '<7>',
};

/** The text with the level's priority before each of its lines. */
export function withPriority(level: LogLevel, text: string): string {
  return PRIORITIES[level] + text.replaceAll('\n', `\n${PRIORITIES[level]}`);
}

/**
 * Whether the file descriptor is the one that systemd connected to its journal: `JOURNAL_STREAM`
 * holds the device and inode of that socket (systemd.exec(5)).
 */
export function isJournal(descriptor: number, journalStream: string | undefined): boolean {
  if (journalStream === undefined) return false;
  try {
    const { dev, ino } = fstatSync(descriptor);
    return journalStream === `${dev}:${ino}`;
  } catch {
    return false;
  }
}
