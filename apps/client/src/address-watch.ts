import type { Machine } from '@relay/program';

/** How often the addresses of this host are looked at, in ms. */
const LOOK_EVERY_MS = 500;

/**
 * Watches the addresses of this host. A change of them is the only change of the network that a
 * host can see at once: what a NAT further away changes shows with the next packet.
 */
export class AddressWatch {
  readonly #machine: Pick<Machine, 'localAddresses'>;
  #known: string | undefined;
  #nextLookMs = Infinity;

  constructor(machine: Pick<Machine, 'localAddresses'>) {
    this.#machine = machine;
  }

  /** The time of the next call to {@link lookDue}, in ms. */
  get nextLookMs(): number {
    return this.#nextLookMs;
  }

  begin(nowMs: number): void {
    this.#nextLookMs = nowMs;
    this.lookDue(nowMs);
  }

  end(): void {
    this.#nextLookMs = Infinity;
  }

  /** Looks, if it is time. Returns whether the addresses are others than before. */
  lookDue(nowMs: number): boolean {
    if (nowMs < this.#nextLookMs) return false;
    this.#nextLookMs = nowMs + LOOK_EVERY_MS;
    const found = this.#look();
    if (found === undefined) return false;
    const isChange = this.#known !== undefined && found !== this.#known;
    this.#known = found;
    return isChange;
  }

  /** The system may have no descriptor left for a look: the next one tells. */
  #look(): string | undefined {
    try {
      return [...this.#machine.localAddresses()].sort().join(' ');
    } catch {
      return undefined;
    }
  }
}
