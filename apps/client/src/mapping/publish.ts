import { isDeepStrictEqual } from 'node:util';
import {
  packEndpoint,
  PACKED_ENDPOINT_BYTES,
  type PublishedPorts,
  type PublishRequest,
  type STATUS,
} from '@relay/packet';
import { formatHostPorts, portCount } from '@relay/program';
import { Service, type FlowMapping } from '@relay/relay';
import { ALL_ADDRESSES, publicPortsOf, publishEntries, publishText, type PublishMapping } from './publish-format.js';

/** Why the server does not publish: a status of its answer, and the port that it is about. */
export interface PublishRefusal {
  readonly status: Exclude<keyof typeof STATUS, 'done'>;
  /** Undefined: the server named none. */
  readonly port: number | undefined;
}

/**
 * What has become of a publish: no session yet (`waiting`), no answer yet in this session
 * (`asking`), or the answer.
 */
export type PublishState =
  | { readonly kind: 'waiting' | 'asking' }
  /** The ports that the server has opened; `address`: where visitors reach them. */
  | { readonly kind: 'open'; readonly ports: PublishedPorts; readonly address: string }
  /** The client asks again at `retryMs` of its steady clock; Infinity: not in this session. */
  | ({ readonly kind: 'refused'; readonly retryMs: number } & PublishRefusal);

/** Replies and requests are counted by the server, which hears of every visitor first. */
const flowSettings = ({ idle, maxFlows, identity }: PublishMapping): FlowMapping => ({
  idleMs: idle,
  maxFlows,
  identity,
});

/** A publish of a running client: ports of the server, the service that they lead to, its flows. */
export class Publish {
  readonly service: Service;
  /** Tells the server which mapping of the client this is, also after a restart of the client. */
  readonly token: number;
  state: PublishState = { kind: 'waiting' };
  readonly #settings: FlowMapping;
  #mapping: PublishMapping;

  constructor(mapping: PublishMapping, token: number) {
    this.#mapping = mapping;
    this.token = token;
    this.#settings = flowSettings(mapping);
    this.service = new Service(this.#settings, Array<undefined>(portCount(mapping.local)).fill(undefined));
  }

  get mapping(): PublishMapping {
    return this.#mapping;
  }

  /** The ports that the server is asked for. */
  get wantedPorts(): PublishedPorts {
    const ports = publicPortsOf(this.#mapping);
    return { endpoint: { address: ports.address, port: ports.first }, count: portCount(ports) };
  }

  /** The host of the service: a name or an address. */
  get localHost(): string {
    return this.#mapping.local.host;
  }

  /** True if the address of the service is known. */
  get isResolved(): boolean {
    return this.service.targets.every((target) => target !== undefined);
  }

  /**
   * The text `203.0.113.5:27015 -> 127.0.0.1:27015`. The public ports are those that are open, or
   * where none are, those of the configuration.
   */
  get description(): string {
    if (this.state.kind !== 'open') return publishText(this.#mapping);
    const { address, ports } = this.state;
    const { local } = this.#mapping;
    const first = ports.endpoint.port;
    const open = formatHostPorts(address, { first, last: first + ports.count - 1 });
    return `${open} -> ${formatHostPorts(local.host, local)}`;
  }

  /** What status and logs call it: its name as configured, or its description. */
  get name(): string {
    return this.#mapping.name ?? this.description;
  }

  /** The request to the server, with entries only if it takes them. */
  request(hasEntries: boolean): PublishRequest {
    return { ...this.wantedPorts, ...(hasEntries && { ...publishEntries(this.#mapping), token: this.token }) };
  }

  /**
   * Applies changed settings. Open flows keep their old ones. Returns whether anything has changed
   * that the server must know.
   */
  update(mapping: PublishMapping): boolean {
    const before = publishEntries(this.#mapping);
    this.#mapping = mapping;
    Object.assign(this.#settings, flowSettings(mapping));
    return !isDeepStrictEqual(before, publishEntries(mapping));
  }

  /** Sets the drop code for datagrams of visitors while the service has no address. */
  setWithoutTarget(code: number): void {
    this.service.withoutTarget = code;
  }

  /** Sets the address of the service; its zone is numeric. Open flows keep their old address. */
  setLocalAddress(address: string): void {
    const { targets } = this.service;
    for (let i = 0; i < targets.length; i++) {
      const packed = new Uint8Array(PACKED_ENDPOINT_BYTES);
      packEndpoint({ address, port: this.#mapping.local.first + i }, packed, 0);
      targets[i] = packed;
    }
  }

  /** The ports are open: where they were asked for on all addresses, at that of the server. */
  opened(ports: PublishedPorts, serverAddress: string): void {
    const { address } = ports.endpoint;
    this.state = { kind: 'open', ports, address: address === ALL_ADDRESSES ? serverAddress : address };
  }
}
