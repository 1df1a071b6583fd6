import { TokenBucket } from '@relay/session';

/** Lines that each client may cause at once, and how long one more takes, in ms. */
const LINES_AT_ONCE = 20;
const LINE_EVERY_MS = 10_000;
/** Clients whose lines are counted; those that caused none for long make room. */
const MANY_CLIENTS = 1000;

interface Account {
  readonly lines: TokenBucket;
  countedMs: number;
  /** Lines that were left out since the last that was written. */
  omitted: number;
}

/**
 * How many lines of the log a client may cause. What one does a million times in a minute is not
 * worth a million lines, and would push out all others.
 */
export class LineBudget {
  readonly #accounts = new Map<string, Account>();

  /**
   * Counts a line that this key causes. Returns how many of its lines were left out before it, or
   * undefined if this one is to be left out too.
   */
  take(key: string, nowMs: number): number | undefined {
    const account = this.#accounts.get(key) ?? this.#open(key, nowMs);
    account.countedMs = nowMs;
    if (!account.lines.take(nowMs)) {
      account.omitted++;
      return undefined;
    }
    const { omitted } = account;
    account.omitted = 0;
    return omitted;
  }

  #open(key: string, nowMs: number): Account {
    if (this.#accounts.size >= MANY_CLIENTS) this.#forgetQuiet(nowMs);
    const account = { lines: new TokenBucket(1000 / LINE_EVERY_MS, LINES_AT_ONCE), countedMs: nowMs, omitted: 0 };
    this.#accounts.set(key, account);
    return account;
  }

  #forgetQuiet(nowMs: number): void {
    for (const [key, { countedMs }] of this.#accounts)
      if (nowMs - countedMs >= LINES_AT_ONCE * LINE_EVERY_MS) this.#accounts.delete(key);
  }
}
