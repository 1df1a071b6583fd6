import { copyPackedEndpoint, packEndpoint, PACKED_ENDPOINT_BYTES, type Endpoint } from '@relay/packet';
import type { DatagramSender } from '../batch/datagram-run.js';
import { ListenerPort } from './listener.js';

const PORT_OFFSET = 16;

/** A public port: the target of a visitor's flow is the endpoint that the visitor asked for. */
export class PublicPort extends ListenerPort {
  readonly #local = new Uint8Array(PACKED_ENDPOINT_BYTES);
  readonly #asked = new Uint8Array(PACKED_ENDPOINT_BYTES);

  /** `local`: where the socket is bound. */
  constructor(socket: DatagramSender, local: Endpoint) {
    super(socket);
    packEndpoint(local, this.#local, 0);
    this.target = this.#local;
  }

  /** A socket on all addresses knows which was asked; one on a single address need not. */
  override targetOf(locals: Uint8Array, at: number): Uint8Array {
    if (isZero(locals, at)) return this.#local;
    copyPackedEndpoint(locals, at, this.#asked, 0);
    this.#asked.set(this.#local.subarray(PORT_OFFSET, PORT_OFFSET + 2), PORT_OFFSET);
    return this.#asked;
  }
}

function isZero(bytes: Uint8Array, at: number): boolean {
  for (let i = at; i < at + PACKED_ENDPOINT_BYTES; i++) if (bytes[i] !== 0) return false;
  return true;
}
