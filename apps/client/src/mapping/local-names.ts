import { DROP, parseAddress } from '@relay/packet';
import type { Machine } from '@relay/program';
import { withKnownZone } from '@relay/socket';
import type { Publish } from './publish.js';

/** How often a name is looked up again, in ms. */
const LOOK_AGAIN_MS = 30_000;

/** The parts of {@link LocalNames}. */
export interface LocalNamesOptions {
  readonly machine: Pick<Machine, 'clock' | 'resolveName'>;
  /**
   * Called when the address of a host has become known or has changed, and once when it cannot be
   * found; undefined: it cannot be found now.
   */
  readonly onLooked: (host: string, address: string | undefined) => void;
  /** Takes what {@link onLooked} has thrown. */
  readonly onFault: (error: unknown) => void;
  /** Called after a look outside of any other call: {@link LocalNames.nextLookMs} has changed. */
  readonly settle: () => void;
}

interface Look {
  dueMs: number;
  isUnderWay: boolean;
  /** The last good answer. */
  address: string | undefined;
  hasFailed: boolean;
}

/** The hosts of published services. This machine resolves their names, and looks again at times. */
export class LocalNames {
  readonly #options: LocalNamesOptions;
  readonly #looks = new Map<string, Look>();
  #publishes: readonly Publish[] = [];

  constructor(options: LocalNamesOptions) {
    this.#options = options;
  }

  /** The time of the next call to {@link lookDue}, in ms. */
  get nextLookMs(): number {
    let nextMs = Infinity;
    for (const { dueMs, isUnderWay } of this.#looks.values()) if (!isUnderWay) nextMs = Math.min(nextMs, dueMs);
    return nextMs;
  }

  /** Looks for the hosts of these publishes from now on, and for no others. */
  follow(publishes: readonly Publish[], nowMs: number): void {
    this.#publishes = publishes;
    const hosts = new Set(publishes.map(({ localHost }) => localHost));
    for (const host of this.#looks.keys()) if (!hosts.has(host)) this.#looks.delete(host);
    for (const host of hosts) {
      const look = this.#looks.get(host);
      if (look !== undefined) this.#set(host, look);
      if (look === undefined)
        this.#looks.set(host, { dueMs: nowMs, isUnderWay: false, address: undefined, hasFailed: false });
    }
    this.lookDue(nowMs);
  }

  /** Looks for the hosts that are due. */
  lookDue(nowMs: number): void {
    for (const [host, look] of this.#looks)
      if (!look.isUnderWay && look.dueMs <= nowMs)
        this.#look(host, look)
          .finally(() => this.#options.settle())
          .catch(this.#options.onFault);
  }

  /** The address of a host that is one is known when the call returns. */
  async #look(host: string, look: Look): Promise<void> {
    const literal = parseAddress(host);
    look.isUnderWay = true;
    const address = literal === undefined ? await this.#resolve(host) : withKnownZone(literal);
    look.isUnderWay = false;
    look.dueMs =
      literal !== undefined && address !== undefined ? Infinity : this.#options.machine.clock() + LOOK_AGAIN_MS;
    if (this.#looks.get(host) === look) this.#found(host, look, address);
  }

  async #resolve(name: string): Promise<string | undefined> {
    try {
      const [first] = await this.#options.machine.resolveName(name);
      const address = first === undefined ? undefined : parseAddress(first);
      return address === undefined ? undefined : withKnownZone(address);
    } catch {
      return undefined; // no such name, or no resolver at present: said, and looked up again
    }
  }

  #found(host: string, look: Look, address: string | undefined): void {
    const isNews = address === undefined ? !look.hasFailed : address !== look.address || look.hasFailed;
    look.hasFailed = address === undefined;
    look.address = address ?? look.address;
    this.#set(host, look);
    if (isNews) this.#options.onLooked(host, address);
  }

  #set(host: string, { address, hasFailed }: Look): void {
    for (const publish of this.#publishes) {
      if (publish.localHost !== host) continue;
      if (address !== undefined) publish.setLocalAddress(address);
      else publish.setWithoutTarget(hasFailed ? DROP.unresolved : DROP.resolving);
    }
  }
}
