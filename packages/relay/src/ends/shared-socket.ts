/** Unconnected sockets that flows of one client to different targets share. */
import { EndpointMap, packEndpoint, PACKED_ENDPOINT_BYTES, type Endpoint } from '@relay/packet';
import { addressRange, IPV4_RANGE, isInRange } from '../policy/address-range.js';
import type { TargetSocket } from './target-socket.js';

/**
 * So many flows of a client have sockets of their own first: a connected socket costs the kernel
 * less for each datagram.
 */
const OWN_SOCKETS = 16;
/** The most sockets that a client's flows share, in each family. */
const SHARED_SOCKETS = 16;
/**
 * After a flow has ended its target may answer yet. No other flow to this target gets the socket
 * for this time, in ms.
 */
const QUARANTINE_MS = 5000;
/** A reply's source has the number of an interface there, which the target may not have. */
const LINK_LOCAL = addressRange({ address: 'fe80::', prefix: 10 });

/** The flow to one target through a shared socket. */
interface Place<End> {
  /** Undefined after it has ended. */
  end: End | undefined;
  untilMs: number;
}

/** One socket, and the flows that share it: each to a target of its own. */
export class SharedSocket<End> {
  readonly socket: TargetSocket;
  readonly isIpv4: boolean;
  isOpen = false;
  /** How many flows there are. */
  count = 0;
  readonly #places = new EndpointMap<Place<End>>();
  /** The targets of flows that have ended, the oldest first. */
  readonly #ended = new Map<Uint8Array, Place<End>>();

  constructor(socket: TargetSocket, isIpv4: boolean) {
    this.socket = socket;
    this.isIpv4 = isIpv4;
  }

  /** Whether a flow to this target may have it. */
  isFree(target: Uint8Array, nowMs: number): boolean {
    this.#forgetEnded(nowMs);
    return !this.#places.has(target, 0);
  }

  add(end: End, target: Uint8Array): void {
    this.count++;
    this.#places.set(target, 0, { end, untilMs: Infinity });
  }

  remove(target: Uint8Array, nowMs: number): void {
    const place = this.#places.get(target, 0);
    if (place?.end === undefined) return;
    this.count--;
    place.end = undefined;
    place.untilMs = nowMs + QUARANTINE_MS;
    this.#ended.set(target, place);
  }

  /** The flow of the packed endpoint at `sources[at]`; an ended one has no end. */
  find(sources: Uint8Array, at: number): { readonly end: End | undefined } | undefined {
    return this.#places.get(sources, at);
  }

  /** The flow of the endpoint that an error is about. */
  findFailed(destination: Endpoint): End | undefined {
    const packed = new Uint8Array(PACKED_ENDPOINT_BYTES);
    packEndpoint(destination, packed, 0);
    return this.find(packed, 0)?.end;
  }

  /** All flows that there are. */
  ends(): End[] {
    return [...this.#places.values()].flatMap(({ end }) => (end === undefined ? [] : [end]));
  }

  #forgetEnded(nowMs: number): void {
    for (const [target, { untilMs }] of this.#ended) {
      if (untilMs > nowMs) return;
      this.#ended.delete(target);
      this.#places.delete(target, 0);
    }
  }
}

/** How the flows of one client share sockets. No two clients ever do. */
export class SocketSharing<End> {
  /** Flows with sockets of their own. */
  own = 0;
  readonly #shared: SharedSocket<End>[] = [];

  /** Whether a flow to this target should share a socket, where the engine can tell flows apart. */
  isDue(target: Uint8Array): boolean {
    return this.own >= OWN_SOCKETS && !isInRange(LINK_LOCAL, target, 0);
  }

  /** The socket that a flow to this target may share; undefined: there is none. */
  find(target: Uint8Array, nowMs: number): SharedSocket<End> | undefined {
    const isIpv4 = isIpv4Target(target);
    return this.#shared.find((shared) => shared.isIpv4 === isIpv4 && shared.isFree(target, nowMs));
  }

  /** Whether there may be another shared socket of this family. */
  hasRoom(isIpv4: boolean): boolean {
    return this.#shared.filter((shared) => shared.isIpv4 === isIpv4).length < SHARED_SOCKETS;
  }

  add(shared: SharedSocket<End>): void {
    this.#shared.push(shared);
  }

  remove(shared: SharedSocket<End>): void {
    const at = this.#shared.indexOf(shared);
    if (at !== -1) this.#shared.splice(at, 1);
  }
}

/** Whether a packed endpoint is of IPv4. */
export const isIpv4Target = (target: Uint8Array): boolean => isInRange(IPV4_RANGE, target, 0);
