import { parseAddress, type Endpoint } from '@relay/packet';
import { PERFECT_LINK, Link, type LinkConditions } from './link.js';
import { MemoryClock, type ClockDrive } from './memory-clock.js';
import { MemoryHost, type HostOptions } from './memory-host.js';
import type { Carrier, NetworkHost } from './memory-parts.js';
import { MemoryNat, type NatOptions } from './nat.js';
import { Random } from './random.js';

/** The options of a network. */
export interface MemoryNetworkOptions extends Partial<LinkConditions> {
  /** The seed. The same seed and the same calls give the same simulation. Default 1. */
  readonly seed?: number;
  /**
   * `manual` (default): time passes in `network.clock.advance`. `auto`: time passes by itself, as
   * fast as the machine goes.
   */
  readonly drive?: ClockDrive;
}

const IPV4_HEADERS_BYTES = 28;
const IPV6_HEADERS_BYTES = 48;

/**
 * A network in memory. It has hosts with addresses and NATs, and links with loss, delay, jitter,
 * reordering, duplication, rate, MTU and ICMP errors. It is deterministic: one seed, one clock, no
 * I/O.
 */
export class MemoryNetwork implements Carrier {
  readonly clock: MemoryClock;
  readonly #random: Random;
  readonly #hosts = new Map<string, MemoryHost>();
  readonly #nats = new Map<string, MemoryNat>();
  readonly #links = new Map<string, Link>();
  #conditions: LinkConditions;
  #lostDatagrams = 0;

  constructor({ seed = 1, drive = 'manual', ...conditions }: MemoryNetworkOptions = {}) {
    this.clock = new MemoryClock(drive);
    this.#random = new Random(seed);
    this.#conditions = { ...PERFECT_LINK, ...conditions };
  }

  /** The datagrams that the network lost: by chance, rate, size, closed paths and NATs. */
  get lostDatagrams(): number {
    return this.#lostDatagrams;
  }

  /** Makes a host with these addresses. Each host also has its own loopback addresses. */
  host(addresses: string | readonly string[], options: HostOptions = {}): MemoryHost {
    const list = (typeof addresses === 'string' ? [addresses] : addresses).map((address) => {
      const canonical = parseAddress(address);
      if (canonical === undefined) throw new RangeError(`not an IP address: ${address}`);
      if (this.#hosts.has(canonical)) throw new RangeError(`another host has ${canonical}`);
      return canonical;
    });
    const host = new MemoryHost(this, list, options);
    for (const address of list) this.#hosts.set(address, host);
    return host;
  }

  /** Makes a NAT. Hosts made with `{ nat }` are inside. */
  nat(options: NatOptions): MemoryNat {
    const nat = new MemoryNat(options, this.clock);
    this.#nats.set(nat.outside, nat);
    return nat;
  }

  /**
   * Changes the conditions of every path, or of the one path between the outside addresses of two
   * hosts.
   */
  setConditions(conditions: Partial<LinkConditions>, way?: { readonly from: string; readonly to: string }): void {
    if (way) {
      const link = this.#link(way.from, way.to);
      link.conditions = { ...link.conditions, ...conditions };
      return;
    }
    this.#conditions = { ...this.#conditions, ...conditions };
    for (const link of this.#links.values()) link.conditions = { ...link.conditions, ...conditions };
  }

  /** Carries a datagram from a host. Called by the sockets of the host. */
  carry(from: NetworkHost, source: Endpoint, destination: Endpoint, bytes: Uint8Array): void {
    const arrive = (to: NetworkHost, seen: Endpoint, at: Endpoint): void => {
      if (!to.receive(seen, at, bytes)) this.#answerError(from, source, destination, 'ECONNREFUSED');
    };
    if (from.isLoopback(destination.address)) {
      this.clock.schedule(0, () => arrive(from, source, destination));
      return;
    }
    if (from.nat?.misleads(source) === true) {
      this.#lostDatagrams++;
      return;
    }
    const seen = from.nat ? from.nat.translateOut(source, destination) : source;
    const link = this.#link(seen.address, destination.address);
    const packetBytes = bytes.length + (destination.address.includes(':') ? IPV6_HEADERS_BYTES : IPV4_HEADERS_BYTES);
    if (packetBytes > link.conditions.mtuBytes) {
      this.#lostDatagrams++;
      this.#answerError(from, source, destination, 'EMSGSIZE');
      return;
    }
    const delays = link.delaysOf(packetBytes);
    if (delays.length === 0) this.#lostDatagrams++;
    for (const delayMs of delays) {
      this.clock.schedule(delayMs, () => {
        const nat = this.#nats.get(destination.address);
        const at = nat ? nat.translateIn(seen, destination.port) : destination;
        const to = at && this.#hosts.get(at.address);
        // A NAT stays silent here; a router answers.
        if (at && to && to.nat === nat) arrive(to, seen, at);
        else this.#undelivered(from, source, destination, nat === undefined);
      });
    }
  }

  #undelivered(from: NetworkHost, source: Endpoint, destination: Endpoint, isAnswered: boolean): void {
    this.#lostDatagrams++;
    if (isAnswered) this.#answerError(from, source, destination, 'EHOSTUNREACH');
  }

  /** An ICMP error travels back. A NAT recognises the datagram that it is about. */
  #answerError(to: NetworkHost, source: Endpoint, destination: Endpoint, systemCode: string): void {
    const { icmp, delayMs, lossRate } = this.#link(destination.address, to.nat?.outside ?? source.address).conditions;
    if (icmp && !this.#random.chance(lossRate)) {
      this.clock.schedule(delayMs, () => to.receiveError(source, destination, systemCode));
    }
  }

  #link(from: string, to: string): Link {
    const key = `${from} ${to}`;
    let link = this.#links.get(key);
    if (link === undefined) {
      link = new Link(this.#conditions, this.clock, this.#random);
      this.#links.set(key, link);
    }
    return link;
  }
}
