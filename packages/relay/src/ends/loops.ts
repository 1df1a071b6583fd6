import { EndpointMap, packEndpoint, PACKED_ENDPOINT_BYTES, type Endpoint } from '@relay/packet';

/**
 * So many flows may follow one another, each with the socket of the one before as its source: more
 * than anybody chains on purpose.
 */
const MAX_HOPS = 4;

/** A flow, as far as loops are concerned. */
export interface Hop {
  /** How many flows of this program its datagrams have passed before. */
  hops: number;
  /** Packed endpoint of its own socket at this host; undefined before it is open. */
  boundAt: Uint8Array | undefined;
}

/**
 * Finds the flows whose source is a socket of this program: what has left through the socket of one
 * flow comes back as a new source. A chain of a few is somebody's plan, and a longer one is a loop,
 * of which each datagram would open flows until there is no room.
 */
export class Loops {
  readonly #bySocket = new EndpointMap<Hop>();

  /** A flow from this source is open. Returns whether it belongs to a loop. */
  isLoop(flow: Hop, source: Uint8Array): boolean {
    const before = this.#bySocket.get(source, 0);
    flow.hops = before === undefined ? 0 : before.hops + 1;
    return flow.hops > MAX_HOPS;
  }

  /** The flow has a socket of its own, at this endpoint. */
  bound(flow: Hop, { address, port }: Endpoint): void {
    if (flow.boundAt !== undefined || address.includes('%')) return; // a link is no way back
    flow.boundAt = new Uint8Array(PACKED_ENDPOINT_BYTES);
    packEndpoint({ address, port }, flow.boundAt, 0);
    this.#bySocket.set(flow.boundAt, 0, flow);
  }

  /** The socket of the flow is closed. */
  closed({ boundAt }: Hop): void {
    if (boundAt !== undefined) this.#bySocket.delete(boundAt, 0);
  }
}
