import { copyPackedEndpoint, EndpointMap, equalPackedEndpoints, PACKED_ENDPOINT_BYTES } from '@relay/packet';
import type { Flow } from './flow.js';

/**
 * The flows of one listening port, found by their source and by the local address that it asked. A
 * source that asks two addresses of this host has two flows, and each address answers its own
 * questions. Where local addresses are not known, all are the same (zeros).
 */
export class SourceFlows {
  readonly #byLocal = new EndpointMap<EndpointMap<Flow>>();
  /** The local address that was asked last, and the flows there. */
  readonly #local = new Uint8Array(PACKED_ENDPOINT_BYTES);
  #flows = new EndpointMap<Flow>();

  constructor() {
    this.#byLocal.set(this.#local, 0, this.#flows);
  }

  /** The flow of the packed endpoint at `sources[at]`, which asked the one at `locals[at]`. */
  get(sources: Uint8Array, locals: Uint8Array, at: number): Flow | undefined {
    return this.#turnTo(locals, at)?.get(sources, at);
  }

  /** Adds a flow, which no other has the endpoints of; `local` is a packed endpoint. */
  add(flow: Flow, local: Uint8Array): void {
    const flows = this.#turnTo(local, 0) ?? new EndpointMap<Flow>();
    if (flows.size === 0) this.#byLocal.set(local, 0, flows);
    flows.set(flow.source, 0, flow);
  }

  remove(flow: Flow, local: Uint8Array): void {
    const flows = this.#turnTo(local, 0);
    flows?.delete(flow.source, 0);
    if (flows?.size === 0) this.#byLocal.delete(local, 0);
  }

  #turnTo(locals: Uint8Array, at: number): EndpointMap<Flow> | undefined {
    if (equalPackedEndpoints(locals, at, this.#local, 0)) return this.#flows;
    const flows = this.#byLocal.get(locals, at);
    if (flows === undefined) return undefined;
    copyPackedEndpoint(locals, at, this.#local, 0);
    this.#flows = flows;
    return flows;
  }
}
