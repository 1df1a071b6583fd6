import { DROP } from '@relay/packet';
import { FIRST_REPEAT_MS, LAST_REPEAT_MS, MAX_KEPT_ANSWERS, MAX_REQUESTS } from '../tuning.js';

const MAX_ID = 0xffff_ffff;

interface OpenRequest {
  readonly kind: number;
  readonly body: Uint8Array;
  waitMs: number;
  repeatMs: number;
}

/** An answer that was given, kept to be repeated. */
export interface KeptAnswer {
  readonly kind: number;
  readonly status: number;
  readonly body: Uint8Array;
}

/**
 * Control requests of one session in both directions: ours are repeated until answered, the peer's
 * are answered once.
 */
export class Requests {
  readonly #open = new Map<number, OpenRequest>();
  readonly #kept = new Map<number, KeptAnswer | { readonly kind: number }>();
  #lastId = 0;

  /** Ids of our requests that wait for an answer. */
  openIds(): Iterable<number> {
    return this.#open.keys();
  }

  /** Opens a request; the caller sends it. Returns its id, or `queue-full` if too many are open. */
  add(kind: number, body: Uint8Array, nowMs: number): number {
    if (this.#open.size >= MAX_REQUESTS) return DROP.queueFull;
    this.#lastId = this.#lastId === MAX_ID ? 1 : this.#lastId + 1;
    this.#open.set(this.#lastId, {
      kind,
      body: Uint8Array.from(body),
      waitMs: FIRST_REPEAT_MS,
      repeatMs: nowMs + FIRST_REPEAT_MS,
    });
    return this.#lastId;
  }

  /** Whether this answer ends a request of ours. */
  isAnswered(id: number, kind: number): boolean {
    return this.#open.get(id)?.kind === kind && this.#open.delete(id);
  }

  get nextRepeatMs(): number {
    let next = Infinity;
    for (const { repeatMs } of this.#open.values()) next = Math.min(next, repeatMs);
    return next;
  }

  /** Calls `send` for each request whose answer is overdue. */
  repeat(nowMs: number, send: (id: number, kind: number, body: Uint8Array) => void): void {
    for (const [id, request] of this.#open) {
      if (request.repeatMs > nowMs) continue;
      request.waitMs = Math.min(request.waitMs * 2, LAST_REPEAT_MS);
      request.repeatMs = nowMs + request.waitMs;
      send(id, request.kind, request.body);
    }
  }

  /**
   * What to do with a request of the peer: it is new, it is being worked on, there is no room for
   * it now, or the answer is to be repeated.
   */
  arrived(id: number, kind: number): 'new' | 'pending' | 'refused' | KeptAnswer {
    const known = this.#kept.get(id);
    if (known !== undefined) return 'status' in known ? known : 'pending';
    if (this.#kept.size >= MAX_KEPT_ANSWERS && !this.#forgetOldestAnswer()) return 'refused';
    this.#kept.set(id, { kind });
    return 'new';
  }

  /**
   * Keeps the answer to a request of the peer. Returns the request's kind, or undefined if there is
   * none with this id to answer.
   */
  answered(id: number, status: number, body: Uint8Array): number | undefined {
    const known = this.#kept.get(id);
    if (known === undefined || 'status' in known) return undefined;
    this.#kept.set(id, { kind: known.kind, status, body: Uint8Array.from(body) });
    return known.kind;
  }

  #forgetOldestAnswer(): boolean {
    for (const [id, known] of this.#kept) {
      if ('status' in known) return this.#kept.delete(id);
    }
    return false;
  }
}
