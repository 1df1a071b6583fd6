import { TokenBucket } from '@relay/session';

/**
 * What a client may have opened: each port costs one, and each request `REQUEST_COST` besides. So
 * it may publish 20,000 ports or some 500 mappings at once; after that, 1,000 ports a second or 25
 * requests, with as many lines of the log.
 */
const PER_SECOND = 1000;
const AT_ONCE = 20_000;
const REQUEST_COST = 40;

/** How many requests of one client may wait for those before them. */
export const MAX_WAITING = 64;
/** How many ports are opened in vain until none is found free; how many are looked at at once. */
export const MAX_TRIES = 64;
export const LOOKS_AT_ONCE = 64;

/** The budget of each client for requests to publish, over all its sessions. */
export class RequestBudget {
  readonly #buckets = new Map<string, TokenBucket>();

  /** Charges a request for so many ports to the client with this key. Returns whether it may. */
  take(key: string, ports: number, nowMs: number): boolean {
    return this.#bucketOf(key).take(nowMs, Math.min(AT_ONCE, ports + REQUEST_COST));
  }

  /** Charges a port that is tried: it may be another program's. Returns whether it may. */
  takeTry(key: string, nowMs: number): boolean {
    return this.#bucketOf(key).take(nowMs);
  }

  /** The client is gone. */
  forget(key: string): void {
    this.#buckets.delete(key);
  }

  #bucketOf(key: string): TokenBucket {
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      bucket = new TokenBucket(PER_SECOND, AT_ONCE);
      this.#buckets.set(key, bucket);
    }
    return bucket;
  }
}
