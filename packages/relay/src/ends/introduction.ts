/** How a service learns the real source of a flow: by a header in front of its datagrams. */
import { encodeProxyHeader, encodeSimpleProxyHeader, proxyHeaderBytes, SIMPLE_PROXY_BYTES } from '@relay/packet';
import type { Datagram } from '../datagram.js';
import type { Opening } from '../flow/flow.js';
import type { Identity } from '../flow/identity.js';

/** The header of one flow. */
export class Introduction {
  readonly #identity: Identity;
  readonly #header: Uint8Array;
  #isOver = false;

  /** The endpoints of the flow: its source, and the target that this asked for. */
  constructor(identity: Identity, { source, target: destination }: Opening) {
    this.#identity = identity;
    const endpoints = { source, destination };
    if (identity === 'spp') {
      this.#header = new Uint8Array(SIMPLE_PROXY_BYTES);
      encodeSimpleProxyHeader(this.#header, 0, endpoints);
    } else {
      this.#header = new Uint8Array(proxyHeaderBytes(endpoints));
      encodeProxyHeader(this.#header, 0, endpoints);
    }
  }

  /** The header for the flow's next datagram, which goes out now; undefined: it needs none. */
  next(): Uint8Array | undefined {
    if (this.#isOver) return undefined;
    this.#isOver = this.#identity === 'proxy-v2-first';
    return this.#header;
  }

  /** A reply has come. Takes off the header, which Simple Proxy Protocol lets a service repeat. */
  answered(reply: Datagram): void {
    if (this.#identity === 'proxy-v2-until-reply') this.#isOver = true;
    if (this.#identity !== 'spp' || !this.#isRepeatedBy(reply)) return;
    reply.offset += SIMPLE_PROXY_BYTES;
    reply.length -= SIMPLE_PROXY_BYTES;
  }

  #isRepeatedBy({ bytes, offset, length }: Datagram): boolean {
    if (length < SIMPLE_PROXY_BYTES) return false;
    return this.#header.every((byte, i) => bytes[offset + i] === byte);
  }
}
