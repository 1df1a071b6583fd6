import {
  DROP,
  packedPort,
  packEndpoint,
  PACKED_ENDPOINT_BYTES,
  type PublishedPorts,
  isUnspecifiedAddress,
} from '@relay/packet';
import type { Upstreams } from './ends/upstream.js';
import type { UpstreamOwner } from './ends/upstream-end.js';
import type { End, Flow } from './flow/flow.js';
import { FlowGroup, type FlowMapping } from './flow/flow-group.js';
import type { PublishedService, PublishedServices } from './modes/publish.js';

/** Bytes of an address at the start of a packed endpoint. */
const ADDRESS_BYTES = 16;

/** The services that a client has published as one mapping: as many as it has ports. */
export class Service {
  /**
   * The packed endpoint of each service, in the order of the public ports; undefined while its name
   * is not resolved. Open flows keep theirs.
   */
  readonly targets: (Uint8Array | undefined)[];
  /** The code with which datagrams of visitors are dropped while there is no target. */
  withoutTarget: number = DROP.resolving;
  readonly #group: FlowGroup<Flow>;

  constructor(mapping: FlowMapping, targets: readonly (Uint8Array | undefined)[]) {
    this.#group = new FlowGroup<Flow>(mapping);
    this.targets = [...targets];
  }

  get mapping(): FlowMapping {
    return this.#group.settings;
  }

  /** How many flows there are now: one for each visitor. */
  get flowCount(): number {
    return this.#group.size;
  }

  /**
   * The end at the service behind the public port of this number, for a flow of the owner; a drop
   * code while the service has no address.
   */
  newEnd(upstreams: Upstreams, owner: UpstreamOwner, number: number): End | number {
    const target = this.targets[number];
    if (target === undefined) return this.withoutTarget;
    return upstreams.newEnd(owner, { target, group: this.#group });
  }

  /** Ends the flows of all visitors, for a reason out of `FLOW_CLOSE` of @relay/packet. */
  end(reason: number, nowMs: number): void {
    this.#group.end(reason, nowMs);
  }
}

/** The public ports of one service, as the server has opened them. */
interface Publication {
  readonly service: Service;
  readonly ports: PublishedPorts;
  /** Packed, with port 0; undefined where it stands for all addresses of the server. */
  readonly address: Uint8Array | undefined;
}

/** The services of a client, found by the public endpoints that visitors ask for. */
export class Services implements PublishedServices {
  /** Set it while the server has not yet said which ports are open. */
  areIncomplete = false;
  readonly #publications: Publication[] = [];
  readonly #upstreams: Upstreams;
  readonly #owner: UpstreamOwner;

  constructor(upstreams: Upstreams, owner: UpstreamOwner) {
    this.#upstreams = upstreams;
    this.#owner = owner;
  }

  /** The service is behind these ports from now on, and behind no others. */
  set(service: Service, ports: PublishedPorts): void {
    this.remove(service);
    const address = new Uint8Array(PACKED_ENDPOINT_BYTES);
    packEndpoint({ ...ports.endpoint, port: 0 }, address, 0);
    const isAny = isUnspecifiedAddress(ports.endpoint.address);
    this.#publications.push({ service, ports, address: isAny ? undefined : address });
  }

  /** The service is behind no port any more. */
  remove(service: Service): void {
    const at = this.#publications.findIndex((publication) => publication.service === service);
    if (at !== -1) this.#publications.splice(at, 1);
  }

  find(publicEndpoint: Uint8Array): PublishedService | undefined {
    const port = packedPort(publicEndpoint, 0);
    for (const { service, ports, address } of this.#publications) {
      const number = port - ports.endpoint.port;
      if (number < 0 || number >= ports.count) continue;
      if (address !== undefined && !hasAddress(publicEndpoint, address)) continue;
      return { newEnd: () => service.newEnd(this.#upstreams, this.#owner, number) };
    }
    return undefined;
  }
}

const hasAddress = (endpoint: Uint8Array, address: Uint8Array): boolean =>
  Buffer.compare(endpoint.subarray(0, ADDRESS_BYTES), address.subarray(0, ADDRESS_BYTES)) === 0;
