import { DROP } from '@relay/packet';
import { HIGHEST_COUNTER, REJECT_AFTER_MS } from '../protocol.js';
import type { TransportKeys } from '../transport/transport-keys.js';
import { PREVIOUS_KEYS_MS } from '../tuning.js';

/** Where the keys of a channel are found by their index. */
export interface KeyTable<K> {
  at(index: number): K | undefined;
  set(index: number, keys: K): void;
  /** Frees the index. */
  remove(index: number): void;
}

interface Previous<S> {
  readonly keys: TransportKeys<S>;
  untilMs: number;
}

/** The keys of one session, and how long each of them serves. */
export class KeySet<S> {
  /** Keys that seal. */
  current: TransportKeys<S> | undefined = undefined;
  /** On the server: keys that the client has not used yet. */
  next: TransportKeys<S> | undefined = undefined;
  /** Keys before those that seal: they still open late packets. */
  #previous: Previous<S> | undefined = undefined;
  readonly #table: KeyTable<TransportKeys<S>>;

  constructor(table: KeyTable<TransportKeys<S>>) {
    this.#table = table;
  }

  /** Until when the previous ones open; Infinity until the peer is heard under those that seal. */
  get previousUntilMs(): number {
    return this.#previous?.untilMs ?? Infinity;
  }

  /** New keys seal from now on. */
  adopt(keys: TransportKeys<S>): void {
    this.retirePrevious();
    if (this.current !== undefined) this.#previous = { keys: this.current, untilMs: Infinity };
    this.current = keys;
    if (this.next === keys) this.next = undefined;
  }

  /** New keys of the server, which it adopts once the client has shown that it has them. */
  offer(keys: TransportKeys<S>): void {
    this.#retire(this.next);
    this.next = keys;
  }

  /**
   * A packet came under these keys. Returns whether that begins the last time of the previous ones.
   */
  heardUnder(keys: TransportKeys<S>, nowMs: number): boolean {
    const previous = this.#previous;
    if (previous === undefined || previous.untilMs !== Infinity || keys !== this.current) return false;
    previous.untilMs = nowMs + PREVIOUS_KEYS_MS;
    return true;
  }

  /** 0, or the drop code of the reason why nothing can be sealed. */
  refusal(nowMs: number): number {
    const { current } = this;
    if (current === undefined) return DROP.noSession;
    const isSpent = nowMs - current.createdMs >= REJECT_AFTER_MS || current.nextCounter >= HIGHEST_COUNTER;
    return isSpent ? DROP.expiredKey : 0;
  }

  retirePrevious(): void {
    this.#retire(this.#previous?.keys);
    this.#previous = undefined;
  }

  retireAll(): void {
    this.retirePrevious();
    this.#retire(this.current);
    this.#retire(this.next);
    this.current = this.next = undefined;
  }

  #retire(keys: TransportKeys<S> | undefined): void {
    if (keys === undefined) return;
    this.#table.remove(keys.localIndex);
    keys.wipe();
  }
}
