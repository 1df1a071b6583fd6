import type { ClientLimits } from './directory.js';
import { TokenBucket } from '../token-bucket.js';

/**
 * The limits of one client at the door: packets and bits per second, in bursts of one second's
 * worth. The last packet of a burst may have more bits than are left: a limit below the size of a
 * packet lets one pass now and then, and not nothing for ever.
 */
export class DoorLimits {
  readonly #packetsPerSecond: number | undefined;
  readonly #bitsPerSecond: number | undefined;
  readonly #packets: TokenBucket | undefined;
  readonly #bits: TokenBucket | undefined;

  /** Undefined if there are no limits. */
  static of(limits: ClientLimits): DoorLimits | undefined {
    const { packetsPerSecond, bitsPerSecond } = limits;
    return packetsPerSecond === undefined && bitsPerSecond === undefined ? undefined : new DoorLimits(limits);
  }

  private constructor(limits: ClientLimits) {
    const { packetsPerSecond, bitsPerSecond } = limits;
    this.#packetsPerSecond = packetsPerSecond;
    this.#bitsPerSecond = bitsPerSecond;
    this.#packets = packetsPerSecond === undefined ? undefined : new TokenBucket(packetsPerSecond);
    this.#bits = bitsPerSecond === undefined ? undefined : new TokenBucket(bitsPerSecond);
  }

  /** Whether these are its limits. */
  isFor({ packetsPerSecond, bitsPerSecond }: ClientLimits): boolean {
    return this.#packetsPerSecond === packetsPerSecond && this.#bitsPerSecond === bitsPerSecond;
  }

  /** Whether nothing passes at present, so that a packet need not be opened to be refused. */
  isClosed(nowMs: number): boolean {
    return this.#packets?.has(nowMs) === false || this.#bits?.has(nowMs) === false;
  }

  /** Counts an authentic packet. Only such packets are: nobody else can use up a client's share. */
  admit(packetBytes: number, nowMs: number): boolean {
    const hasPackets = this.#packets?.take(nowMs) ?? true;
    return (this.#bits?.takeOrOwe(nowMs, packetBytes * 8) ?? true) && hasPackets;
  }
}
