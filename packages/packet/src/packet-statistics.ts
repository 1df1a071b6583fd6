/** How many classes of size there are: 0, 1, 2–3, 4–7, … 32,768–65,535 bytes. */
const SIZE_CLASSES = 17;
/** The rate is taken over this time, in slots that are forgotten one by one. */
const RATE_WINDOW_MS = 10_000;
const RATE_SLOTS = 10;
const SLOT_MS = RATE_WINDOW_MS / RATE_SLOTS;
/** RFC 3550 §6.4.1: a sixteenth of each new difference enters the jitter. */
const JITTER_GAIN = 1 / 16;

/**
 * One-way delay in milliseconds, receiver's clock less sender's: the difference of the clocks is in
 * it.
 */
export interface OneWayDelay {
  readonly leastMs: number;
  readonly meanMs: number;
  readonly mostMs: number;
}

/** How many packets had a size from `leastBytes` to `mostBytes`. */
export interface SizeClass {
  readonly leastBytes: number;
  readonly mostBytes: number;
  readonly packets: number;
}

/** The record that `PacketStatistics.toJSON` returns. */
export interface PacketStatisticsRecord {
  readonly packets: number;
  readonly bytes: number;
  readonly leastBytes: number | undefined;
  readonly meanBytes: number | undefined;
  readonly mostBytes: number | undefined;
  readonly firstMs: number | undefined;
  readonly lastMs: number | undefined;
  readonly jitterMs: number | undefined;
  readonly oneWayDelay: OneWayDelay | undefined;
  readonly sizes: readonly SizeClass[];
}

/**
 * Counts, bytes, sizes, rate, jitter and one-way delay of one direction of datagrams or packets.
 * Times are milliseconds that the caller gives; they need not be whole. Adding allocates nothing.
 */
export class PacketStatistics {
  #packets = 0;
  #bytes = 0;
  #leastBytes = Infinity;
  #mostBytes = 0;
  #firstMs = Number.NaN;
  #lastMs = Number.NaN;
  readonly #sizes = new Float64Array(SIZE_CLASSES);
  /**
   * Packets and bytes of each slot of the window; slot `n` counts from n · SLOT_MS on, and is
   * reused RATE_SLOTS later.
   */
  readonly #slotPackets = new Float64Array(RATE_SLOTS);
  readonly #slotBytes = new Float64Array(RATE_SLOTS);
  #slot = Number.NaN;
  #jitterMs = 0;
  #transitMs = Number.NaN;
  #delays = 0;
  #delaySumMs = 0;
  #leastDelayMs = Infinity;
  #mostDelayMs = -Infinity;

  /**
   * Adds a packet of `sizeBytes` that arrived at `arrivalMs`; with `sentMs`, by the sender's clock,
   * jitter and delay are kept too.
   */
  add(sizeBytes: number, arrivalMs: number, sentMs?: number): void {
    this.#packets++;
    this.#bytes += sizeBytes;
    if (sizeBytes < this.#leastBytes) this.#leastBytes = sizeBytes;
    if (sizeBytes > this.#mostBytes) this.#mostBytes = sizeBytes;
    const sizeClass = Math.min(32 - Math.clz32(sizeBytes), SIZE_CLASSES - 1);
    this.#sizes[sizeClass] = (this.#sizes[sizeClass] ?? 0) + 1;
    if (Number.isNaN(this.#firstMs)) this.#firstMs = arrivalMs;
    this.#lastMs = arrivalMs;
    this.#addToRate(sizeBytes, arrivalMs);
    if (sentMs !== undefined) this.#addTransit(arrivalMs - sentMs);
  }

  /** Packets added. */
  get packets(): number {
    return this.#packets;
  }

  /** Bytes added. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Interarrival jitter in milliseconds (RFC 3550 §6.4.1); undefined until two packets had a
   * sending time.
   */
  get jitterMs(): number | undefined {
    return this.#delays < 2 ? undefined : this.#jitterMs;
  }

  /** One-way delay; undefined until a packet had a sending time. */
  get oneWayDelay(): OneWayDelay | undefined {
    if (this.#delays === 0) return undefined;
    return { leastMs: this.#leastDelayMs, meanMs: this.#delaySumMs / this.#delays, mostMs: this.#mostDelayMs };
  }

  /**
   * Packets and bytes in a second, over the last 10 seconds before `nowMs` or since the first
   * packet if that is shorter (but 1 second at least).
   */
  rate(nowMs: number): { packetsPerSecond: number; bytesPerSecond: number } {
    if (this.#packets === 0) return { packetsPerSecond: 0, bytesPerSecond: 0 };
    this.#advanceTo(Math.floor(nowMs / SLOT_MS));
    const windowStartMs = (this.#slot - RATE_SLOTS + 1) * SLOT_MS;
    const seconds = Math.max(1000, nowMs - Math.max(windowStartMs, this.#firstMs)) / 1000;
    return { packetsPerSecond: sum(this.#slotPackets) / seconds, bytesPerSecond: sum(this.#slotBytes) / seconds };
  }

  /** The classes of sizes that occurred, the smallest first. */
  sizes(): SizeClass[] {
    const classes: SizeClass[] = [];
    for (const [i, packets] of this.#sizes.entries()) {
      if (packets === 0) continue;
      classes.push({ leastBytes: i === 0 ? 0 : 2 ** (i - 1), mostBytes: 2 ** i - 1, packets });
    }
    return classes;
  }

  /** All but the rate, as a plain object. */
  toJSON(): PacketStatisticsRecord {
    const isEmpty = this.#packets === 0;
    return {
      packets: this.#packets,
      bytes: this.#bytes,
      leastBytes: isEmpty ? undefined : this.#leastBytes,
      meanBytes: isEmpty ? undefined : this.#bytes / this.#packets,
      mostBytes: isEmpty ? undefined : this.#mostBytes,
      firstMs: isEmpty ? undefined : this.#firstMs,
      lastMs: isEmpty ? undefined : this.#lastMs,
      jitterMs: this.jitterMs,
      oneWayDelay: this.oneWayDelay,
      sizes: this.sizes(),
    };
  }

  #addToRate(sizeBytes: number, arrivalMs: number): void {
    if (Number.isNaN(this.#slot)) this.#slot = Math.floor(arrivalMs / SLOT_MS);
    this.#advanceTo(Math.floor(arrivalMs / SLOT_MS));
    const slot = indexOfSlot(this.#slot);
    this.#slotPackets[slot] = (this.#slotPackets[slot] ?? 0) + 1;
    this.#slotBytes[slot] = (this.#slotBytes[slot] ?? 0) + sizeBytes;
  }

  /**
   * Empties the slots between the newest and `slot`. A clock that goes back counts in the newest
   * slot.
   */
  #advanceTo(slot: number): void {
    if (slot <= this.#slot) return;
    const passed = Math.min(slot - this.#slot, RATE_SLOTS);
    for (let i = 0; i < passed; i++) {
      this.#slotPackets[indexOfSlot(slot - i)] = 0;
      this.#slotBytes[indexOfSlot(slot - i)] = 0;
    }
    this.#slot = slot;
  }

  #addTransit(transitMs: number): void {
    if (this.#delays > 0) this.#jitterMs += (Math.abs(transitMs - this.#transitMs) - this.#jitterMs) * JITTER_GAIN;
    this.#transitMs = transitMs;
    this.#delays++;
    this.#delaySumMs += transitMs;
    this.#leastDelayMs = Math.min(this.#leastDelayMs, transitMs);
    this.#mostDelayMs = Math.max(this.#mostDelayMs, transitMs);
  }
}

/** Times may be below 0. */
function indexOfSlot(slot: number): number {
  return ((slot % RATE_SLOTS) + RATE_SLOTS) % RATE_SLOTS;
}

function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
