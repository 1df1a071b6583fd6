import { decodeResolvedName, DROP, encodeName, REQUEST, STATUS, unpackEndpoint } from '@relay/packet';
import type { Session } from '@relay/session';
import type { Forward } from './forward.js';

/** How soon the client asks again for a name that could not be resolved, in ms. */
const RETRY_MS = 5000;
/** After this time the client asks again for a name, even if the answer holds longer, in ms. */
const LONGEST_MS = 300_000;
/** Questions that wait for an answer at a time: a server refuses more (docs/protocol.md). */
const PENDING = 8;

/** The server's answer for a name. The address is undefined if the name cannot be resolved now. */
export interface ResolvedTarget {
  readonly name: string;
  readonly address: string | undefined;
  /** Why there is no address. */
  readonly reason?: string;
}

/** The addresses of a name, and which of them is in use. */
interface Found {
  readonly addresses: readonly string[];
  readonly at: number;
}

/**
 * The names of targets. The server resolves them. The client asks for them again as long as there
 * is a session.
 */
export class TargetNames {
  #forwards: readonly Forward[] = [];
  /** The last good answer for each name. */
  readonly #found = new Map<string, Found>();
  /** Why there is no address of a name, as a drop code, by the last answer of the server. */
  readonly #missing = new Map<string, number>();
  readonly #asked = new Map<number, string>();
  readonly #dueMs = new Map<string, number>();
  #session: Session | undefined;

  /** The time of the next call to {@link askDue}, in ms. */
  get nextAskMs(): number {
    const mayAsk = this.#session !== undefined && this.#asked.size < PENDING;
    return !mayAsk ? Infinity : Math.min(Infinity, ...this.#dueMs.values());
  }

  /** Asks for the names of these forwards from now on, and for no others. */
  follow(forwards: readonly Forward[], nowMs: number): void {
    const before = this.#names();
    this.#forwards = forwards;
    const names = this.#names();
    for (const name of before) if (!names.has(name)) this.#forget(name);
    for (const name of names) {
      this.#apply(name);
      if (!before.has(name)) this.#dueMs.set(name, nowMs);
    }
    this.askDue(nowMs);
  }

  /** Begins with a new session: asks for all names. */
  begin(session: Session, nowMs: number): void {
    this.end();
    this.#session = session;
    this.#applyAll();
    for (const name of this.#names()) this.#dueMs.set(name, nowMs);
    this.askDue(nowMs);
  }

  end(): void {
    this.#session = undefined;
    this.#asked.clear();
    this.#dueMs.clear();
    this.#applyAll();
  }

  /** Asks for the names that are due. */
  askDue(nowMs: number): void {
    if (this.#session === undefined) return;
    for (const [name, dueMs] of this.#dueMs) {
      if (dueMs > nowMs) continue;
      if (this.#asked.size >= PENDING) return; // the others as soon as one is answered
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
    const resolved = status === STATUS.done ? decodeResolvedName(body) : reasonOf(status);
    const addresses = typeof resolved === 'string' ? [] : resolved.addresses;
    const waitMs = typeof resolved === 'string' || addresses.length === 0 ? RETRY_MS : resolved.ttlMs;
    this.#dueMs.set(name, nowMs + Math.min(Math.max(RETRY_MS, waitMs), LONGEST_MS));
    this.askDue(nowMs);
    if (addresses.length === 0) {
      this.#missing.set(name, status === STATUS.denied ? DROP.deniedByPolicy : DROP.unresolved);
      this.#apply(name);
      return { name, address: undefined, reason: typeof resolved === 'string' ? resolved : NO_ADDRESS };
    }
    return { name, address: this.#use(name, addresses) };
  }

  /**
   * The server could not reach this packed endpoint: flows that begin from now on go to the next
   * address of its name.
   */
  unreachable(target: Uint8Array): void {
    const { address } = unpackEndpoint(target, 0);
    for (const [name, { addresses, at }] of this.#found) {
      if (addresses[at] !== address || addresses.length === 1) continue;
      this.#found.set(name, { addresses, at: (at + 1) % addresses.length });
      this.#apply(name);
    }
  }

  /** The address that was in use stays so while the name has it. */
  #use(name: string, addresses: readonly string[]): string | undefined {
    const former = this.#found.get(name);
    const at = former === undefined ? 0 : Math.max(0, addresses.indexOf(former.addresses[former.at] ?? ''));
    this.#found.set(name, { addresses, at });
    this.#apply(name);
    return addresses[at];
  }

  #names(): Set<string> {
    return new Set(this.#forwards.flatMap(({ targetName }) => targetName ?? []));
  }

  #applyAll(): void {
    for (const name of this.#names()) this.#apply(name);
  }

  #apply(name: string): void {
    const found = this.#found.get(name);
    const address = found?.addresses[found.at];
    const missing = this.#session === undefined ? DROP.noSession : (this.#missing.get(name) ?? DROP.resolving);
    for (const forward of this.#forwards) {
      if (forward.targetName !== name) continue;
      if (address === undefined) forward.setWithoutTarget(missing);
      else forward.setTargetAddress(address);
    }
  }

  #forget(name: string): void {
    this.#found.delete(name);
    this.#missing.delete(name);
    this.#dueMs.delete(name);
    for (const [id, asked] of this.#asked) if (asked === name) this.#asked.delete(id);
  }
}

const NO_ADDRESS = 'it has no address';

/** Why a server has not resolved a name, with the remedy where there is one. */
function reasonOf(status: number): string {
  switch (status) {
    case STATUS.denied:
      return 'the invitation allows none of its addresses; ask for one that does (relay-server invite --allow)';
    case STATUS.notFound:
      return 'the server finds no address of this name';
    case STATUS.unavailable:
      return 'the name servers of the server do not answer';
    case STATUS.limit:
      return 'the server looks up too many names for this client';
    default:
      return 'the server failed to look it up';
  }
}
