import { decodeResolvedName, encodeName, REQUEST, STATUS } from '@relay/packet';
import type { Session } from '@relay/session';
import type { Forward } from './forward.js';

/** How soon a name that could not be resolved is asked for again, in ms. */
const RETRY_MS = 5000;
/**
 * A name is asked for again after this at the latest, however long its answer claims to hold, in
 * ms.
 */
const LONGEST_MS = 300_000;

/**
 * The names of targets: the server resolves them, and they are asked for again as long as there is
 * a session.
 */
export class TargetNames {
  readonly #forwardsByName = new Map<string, readonly Forward[]>();
  readonly #resolved: (name: string, address: string | undefined) => void;
  readonly #asked = new Map<number, string>();
  readonly #dueMs = new Map<string, number>();
  #session: Session | undefined;

  constructor(forwards: readonly Forward[], resolved: (name: string, address: string | undefined) => void) {
    for (const forward of forwards) {
      if (forward.isResolved) continue;
      this.#forwardsByName.set(forward.targetHost, [...(this.#forwardsByName.get(forward.targetHost) ?? []), forward]);
    }
    this.#resolved = resolved;
  }

  /** When {@link look} should be called next, in ms. */
  get nextLookMs(): number {
    return this.#session === undefined ? Infinity : Math.min(Infinity, ...this.#dueMs.values());
  }

  begin(session: Session, nowMs: number): void {
    this.end();
    this.#session = session;
    for (const name of this.#forwardsByName.keys()) this.#dueMs.set(name, nowMs);
    this.look(nowMs);
  }

  end(): void {
    this.#session = undefined;
    this.#asked.clear();
    this.#dueMs.clear();
  }

  /** Asks for what is due. */
  look(nowMs: number): void {
    for (const [name, dueMs] of this.#dueMs) {
      if (dueMs > nowMs || this.#session === undefined) continue;
      const id = this.#session.request(REQUEST.resolve, encodeName(name), nowMs);
      if (id < 0) {
        this.#dueMs.set(name, nowMs + RETRY_MS);
        continue;
      }
      this.#dueMs.delete(name);
      this.#asked.set(id, name);
    }
  }

  /** Takes the answer to a request of ours; others are passed over. */
  answered(id: number, status: number, body: Uint8Array, nowMs: number): void {
    const name = this.#asked.get(id);
    if (name === undefined) return;
    this.#asked.delete(id);
    const resolved = status === STATUS.done ? decodeResolvedName(body) : 'unresolved';
    const address = typeof resolved === 'string' ? undefined : resolved.addresses[0];
    const waitMs = typeof resolved === 'string' || address === undefined ? RETRY_MS : resolved.ttlMs;
    this.#dueMs.set(name, nowMs + Math.min(Math.max(RETRY_MS, waitMs), LONGEST_MS));
    if (address !== undefined)
      for (const forward of this.#forwardsByName.get(name) ?? []) forward.setTargetAddress(address);
    this.#resolved(name, address);
  }
}
