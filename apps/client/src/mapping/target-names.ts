import { decodeResolvedName, encodeName, REQUEST, STATUS } from '@relay/packet';
import type { Session } from '@relay/session';
import type { Forward } from './forward.js';

/** How soon the client asks again for a name that could not be resolved, in ms. */
const RETRY_MS = 5000;
/** After this time the client asks again for a name, even if the answer holds longer, in ms. */
const LONGEST_MS = 300_000;

/** The server's answer for a name. The address is undefined if the name cannot be resolved now. */
export interface ResolvedTarget {
  readonly name: string;
  readonly address: string | undefined;
}

/**
 * The names of targets. The server resolves them. The client asks for them again as long as there
 * is a session.
 */
export class TargetNames {
  #forwards: readonly Forward[] = [];
  /** The last address of each name. */
  readonly #addresses = new Map<string, string>();
  readonly #asked = new Map<number, string>();
  readonly #dueMs = new Map<string, number>();
  #session: Session | undefined;

  /** The time of the next call to {@link askDue}, in ms. */
  get nextAskMs(): number {
    return this.#session === undefined ? Infinity : Math.min(Infinity, ...this.#dueMs.values());
  }

  /** Asks for the names of these forwards from now on, and for no others. */
  follow(forwards: readonly Forward[], nowMs: number): void {
    const before = this.#names();
    this.#forwards = forwards;
    const names = this.#names();
    for (const name of before) if (!names.has(name)) this.#forget(name);
    for (const name of names) {
      const address = this.#addresses.get(name);
      if (address !== undefined) this.#set(name, address);
      if (!before.has(name)) this.#dueMs.set(name, nowMs);
    }
    this.askDue(nowMs);
  }

  /** Begins with a new session: asks for all names. */
  begin(session: Session, nowMs: number): void {
    this.end();
    this.#session = session;
    for (const name of this.#names()) this.#dueMs.set(name, nowMs);
    this.askDue(nowMs);
  }

  end(): void {
    this.#session = undefined;
    this.#asked.clear();
    this.#dueMs.clear();
  }

  /** Asks for the names that are due. */
  askDue(nowMs: number): void {
    if (this.#session === undefined) return;
    for (const [name, dueMs] of this.#dueMs) {
      if (dueMs > nowMs) continue;
      const id = this.#session.request(REQUEST.resolve, encodeName(name), nowMs);
      if (id < 0) {
        this.#dueMs.set(name, nowMs + RETRY_MS);
        continue;
      }
      this.#dueMs.delete(name);
      this.#asked.set(id, name);
    }
  }

  /**
   * Takes the answer to a request and returns its meaning. It ignores an answer to a request that
   * is not one of its own.
   */
  answered(id: number, status: number, body: Uint8Array, nowMs: number): ResolvedTarget | undefined {
    const name = this.#asked.get(id);
    if (name === undefined) return undefined;
    this.#asked.delete(id);
    const resolved = status === STATUS.done ? decodeResolvedName(body) : 'unresolved';
    const address = typeof resolved === 'string' ? undefined : resolved.addresses[0];
    const waitMs = typeof resolved === 'string' || address === undefined ? RETRY_MS : resolved.ttlMs;
    this.#dueMs.set(name, nowMs + Math.min(Math.max(RETRY_MS, waitMs), LONGEST_MS));
    if (address !== undefined) this.#set(name, address);
    return { name, address };
  }

  #names(): Set<string> {
    return new Set(this.#forwards.flatMap(({ targetName }) => targetName ?? []));
  }

  #set(name: string, address: string): void {
    this.#addresses.set(name, address);
    for (const forward of this.#forwards) if (forward.targetName === name) forward.setTargetAddress(address);
  }

  #forget(name: string): void {
    this.#addresses.delete(name);
    this.#dueMs.delete(name);
    for (const [id, asked] of this.#asked) if (asked === name) this.#asked.delete(id);
  }
}
