import { formatKey } from '@relay/session';

/**
 * Where a client has proven that it receives: plain data, which can be sent from thread to thread.
 */
export interface ProvenAddress {
  /** Static public key of the client, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Packed path (48 bytes): the client's endpoint, and the server's own to which it sends. */
  readonly path: Uint8Array;
}

/** Sends one wake to a client. */
export type Wake = (address: ProvenAddress, nowMs: number) => void;

/** Wakes to one client at most, and how long after one the next is sent. */
const WAKES = 3;
const REPEAT_MS = 500;
/**
 * Wakes under way at most, and for how long one without an answer counts as such. So wakes go out
 * as fast as handshakes come in, but for clients that are away: 2,560 of these take a second.
 */
const UNDER_WAY = 256;
const PATIENCE_MS = 100;

interface Sleeper {
  readonly key: string;
  readonly address: ProvenAddress;
  /** Wakes sent. */
  wakes: number;
  /** When the next is due. */
  dueMs: number;
}

/** A wake under way, until its client comes or the patience ends. */
interface UnderWay {
  readonly sleeper: Sleeper;
  readonly untilMs: number;
}

/**
 * The clients whose sessions a server has lost by its restart: each gets up to three wakes, until
 * its handshake has come.
 */
export class Waking {
  readonly #wake: Wake;
  readonly #sleeping = new Map<string, Sleeper>();
  /** In the order in which they are due. */
  #queue: Sleeper[] = [];
  #first = 0;
  #underWay: UnderWay[] = [];

  constructor(wake: Wake) {
    this.#wake = wake;
  }

  /** When {@link wakeDue} has something to do, ms; Infinity: never. */
  get nextDueMs(): number {
    const dueMs = this.#queue[this.#first]?.dueMs ?? Infinity;
    if (this.#underWay.length < UNDER_WAY) return dueMs;
    return Math.max(dueMs, this.#underWay[0]?.untilMs ?? dueMs);
  }

  /** Wakes these clients from now on. */
  add(addresses: readonly ProvenAddress[], nowMs: number): void {
    for (const address of addresses) {
      const sleeper = { key: formatKey(address.publicKey), address, wakes: 0, dueMs: nowMs };
      this.#sleeping.set(sleeper.key, sleeper);
      this.#queue.push(sleeper);
    }
  }

  /** The client has come, or may not come any more. */
  forget(publicKey: Uint8Array): void {
    if (this.#sleeping.size === 0) return;
    const key = formatKey(publicKey);
    if (!this.#sleeping.delete(key)) return;
    this.#underWay = this.#underWay.filter(({ sleeper }) => sleeper.key !== key);
    if (this.#sleeping.size === 0) this.#forgetAll();
  }

  /** Wakes nobody any more. */
  close(): void {
    this.#sleeping.clear();
    this.#forgetAll();
  }

  /** Sends the wakes that are due. */
  wakeDue(nowMs: number): void {
    if (this.#sleeping.size === 0) return;
    while ((this.#underWay[0]?.untilMs ?? Infinity) <= nowMs) this.#underWay.shift();
    for (let next = this.#nextDue(nowMs); next !== undefined; next = this.#nextDue(nowMs)) {
      this.#first++;
      if (this.#sleeping.get(next.key) !== next) continue;
      this.#wake(next.address, nowMs);
      next.wakes++;
      this.#underWay.push({ sleeper: next, untilMs: nowMs + PATIENCE_MS });
      if (next.wakes === WAKES) {
        this.#sleeping.delete(next.key);
        continue;
      }
      next.dueMs = nowMs + REPEAT_MS;
      this.#queue.push(next);
    }
    if (this.#sleeping.size === 0) this.#forgetAll();
  }

  #nextDue(nowMs: number): Sleeper | undefined {
    const next = this.#queue[this.#first];
    return next !== undefined && next.dueMs <= nowMs && this.#underWay.length < UNDER_WAY ? next : undefined;
  }

  #forgetAll(): void {
    this.#queue = [];
    this.#first = 0;
    this.#underWay = [];
  }
}
