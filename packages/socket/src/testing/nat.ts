import { formatEndpoint, type Endpoint } from '@relay/packet';
import type { MemoryClock } from './memory-clock.js';

/** How a NAT (network address translator) behaves. */
export interface NatOptions {
  /** The address of the NAT on the outside. */
  readonly outside: string;
  /**
   * A mapping that the inside does not use for this long is removed. Default 30,000 ms, as in many
   * NATs.
   */
  readonly timeoutMs?: number;
  /** True if each destination sees another outside port (a "symmetric" NAT). Default false. */
  readonly isSymmetric?: boolean;
  /**
   * Who may send in: anyone, the addresses that the inside sent to, or (default) the endpoints that
   * the inside sent to.
   */
  readonly filtering?: 'none' | 'address' | 'endpoint';
}

interface Mapping {
  readonly inside: Endpoint;
  readonly outsidePort: number;
  readonly contacted: Set<string>;
  usedMs: number;
}

const FIRST_PORT = 20_000;
const TIMEOUT_MS = 30_000;

/**
 * A NAT (network address translator) between hosts inside and the rest of the network (RFC 4787).
 */
export class MemoryNat {
  readonly outside: string;
  readonly #timeoutMs: number;
  readonly #isSymmetric: boolean;
  readonly #filtering: 'none' | 'address' | 'endpoint';
  readonly #clock: MemoryClock;
  readonly #byInside = new Map<string, Mapping>();
  readonly #byOutsidePort = new Map<number, Mapping>();
  readonly #misled = new Set<number>();
  #nextPort = FIRST_PORT;

  constructor(options: NatOptions, clock: MemoryClock) {
    this.outside = options.outside;
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.#isSymmetric = options.isSymmetric ?? false;
    this.#filtering = options.filtering ?? 'endpoint';
    this.#clock = clock;
  }

  /** The number of mappings in use. */
  get size(): number {
    return [...this.#byOutsidePort.values()].filter((mapping) => !this.#isExpired(mapping)).length;
  }

  /**
   * Removes all mappings, as a reboot does. The same inside endpoints then get other outside ports.
   */
  rebind(): void {
    this.#byInside.clear();
    this.#byOutsidePort.clear();
  }

  /**
   * Loses what comes from this inside port from now on, as a NAT does that has kept an entry which
   * leads elsewhere.
   */
  mislead(insidePort: number): void {
    this.#misled.add(insidePort);
  }

  misleads({ port }: Endpoint): boolean {
    return this.#misled.has(port);
  }

  /** Returns the outside source of a datagram from inside. */
  translateOut(source: Endpoint, destination: Endpoint): Endpoint {
    const key = formatEndpoint(source) + (this.#isSymmetric ? ` ${formatEndpoint(destination)}` : '');
    let mapping = this.#byInside.get(key);
    if (mapping === undefined || this.#isExpired(mapping)) {
      mapping = { inside: source, outsidePort: this.#nextPort++, contacted: new Set(), usedMs: 0 };
      this.#byInside.set(key, mapping);
      this.#byOutsidePort.set(mapping.outsidePort, mapping);
    }
    mapping.usedMs = this.#clock.nowMs;
    mapping.contacted.add(formatEndpoint(destination)).add(destination.address);
    return { address: this.outside, port: mapping.outsidePort };
  }

  /**
   * Returns the inside destination of a datagram from outside, or undefined if the NAT drops it.
   */
  translateIn(source: Endpoint, outsidePort: number): Endpoint | undefined {
    const mapping = this.#byOutsidePort.get(outsidePort);
    if (mapping === undefined || this.#isExpired(mapping)) return undefined;
    if (this.#filtering === 'address' && !mapping.contacted.has(source.address)) return undefined;
    if (this.#filtering === 'endpoint' && !mapping.contacted.has(formatEndpoint(source))) return undefined;
    return mapping.inside;
  }

  #isExpired({ usedMs }: Mapping): boolean {
    return this.#clock.nowMs - usedMs >= this.#timeoutMs;
  }
}
