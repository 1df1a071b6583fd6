import { parseAddress } from '@relay/packet';
import type { Machine } from '@relay/program';
import { withKnownZone } from '@relay/socket';

/** How often a name is looked up again, and how soon after a failure, in ms. */
const LOOK_AGAIN_MS = 30_000;
const RETRY_MS = 5000;

/** The parts of {@link UpstreamNames}. */
export interface UpstreamNamesOptions {
  readonly machine: Pick<Machine, 'clock' | 'resolveName'>;
  /** Called when the addresses of a name are known for the first time, or have changed. */
  readonly onFound: (name: string, addresses: readonly string[]) => void;
  /** Called when the addresses of a name cannot be found, once until they can. */
  readonly onMissing: (name: string, reason: string) => void;
  /** Takes what the functions above have thrown. */
  readonly onFault: (error: unknown) => void;
  /** Called after a look outside of any other call: {@link UpstreamNames.nextDueMs} has changed. */
  readonly settle: () => void;
}

interface Look {
  dueMs: number;
  isUnderWay: boolean;
  /** The last good answer, sorted: a resolver may give the same addresses in any order. */
  addresses: readonly string[];
  hasFailed: boolean;
}

/**
 * The names of upstreams, which the system resolves: all their addresses. Its resolver does not say
 * how long an answer holds, but knows it: so it is asked often. A failure keeps the last good
 * answer.
 */
export class UpstreamNames {
  readonly #options: UpstreamNamesOptions;
  readonly #looks = new Map<string, Look>();

  constructor(options: UpstreamNamesOptions) {
    this.#options = options;
  }

  /** When {@link due} has something to do, ms; Infinity: never. */
  get nextDueMs(): number {
    let nextMs = Infinity;
    for (const { dueMs, isUnderWay } of this.#looks.values()) if (!isUnderWay) nextMs = Math.min(nextMs, dueMs);
    return nextMs;
  }

  /** The addresses of a host: of a name those that are known, perhaps none. */
  addressesOf(host: string): readonly string[] {
    const literal = parseAddress(host);
    if (literal === undefined) return this.#looks.get(host)?.addresses ?? [];
    const address = withKnownZone(literal);
    return address === undefined ? [] : [address];
  }

  /** Whether the host is a name that was looked up, and of which no address was found so far. */
  isUnresolved(host: string): boolean {
    const look = this.#looks.get(host);
    return look?.hasFailed === true && look.addresses.length === 0;
  }

  /** Looks up the names among these hosts from now on, and no others. */
  follow(hosts: readonly string[], nowMs: number): void {
    const names = new Set(hosts.filter((host) => parseAddress(host) === undefined));
    for (const name of this.#looks.keys()) if (!names.has(name)) this.#looks.delete(name);
    for (const name of names)
      if (!this.#looks.has(name))
        this.#looks.set(name, { dueMs: nowMs, isUnderWay: false, addresses: [], hasFailed: false });
    this.due(nowMs);
  }

  /** Looks up the names that are due. */
  due(nowMs: number): void {
    for (const [name, look] of this.#looks) {
      if (look.isUnderWay || look.dueMs > nowMs) continue;
      look.isUnderWay = true;
      this.#look(name, look)
        .finally(() => this.#options.settle())
        .catch(this.#options.onFault);
    }
  }

  async #look(name: string, look: Look): Promise<void> {
    const { machine, onFound, onMissing } = this.#options;
    const found = await machine.resolveName(name).catch((error: unknown) => error);
    const addresses = Array.isArray(found) ? usable(found) : [];
    look.isUnderWay = false;
    look.dueMs = machine.clock() + (addresses.length > 0 ? LOOK_AGAIN_MS : RETRY_MS);
    if (this.#looks.get(name) !== look) return; // nobody wants it any more
    const [isNews, hadFailed] = [addresses.join() !== look.addresses.join(), look.hasFailed];
    look.hasFailed = addresses.length === 0;
    if (look.hasFailed) {
      if (!hadFailed) onMissing(name, found instanceof Error ? found.message : 'it has no address');
      return;
    }
    look.addresses = addresses;
    if (isNews) onFound(name, addresses);
  }
}

/** The addresses that a socket can be connected to, each once, in an order of their own. */
function usable(found: readonly unknown[]): string[] {
  const addresses = found.flatMap((address) => {
    const literal = typeof address === 'string' ? parseAddress(address) : undefined;
    return literal === undefined ? [] : (withKnownZone(literal) ?? []);
  });
  return [...new Set(addresses)].sort();
}
