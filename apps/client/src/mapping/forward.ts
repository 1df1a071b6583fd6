import { formatEndpoint, packEndpoint, PACKED_ENDPOINT_BYTES, parseAddress } from '@relay/packet';
import { ListenerPort, type ClientShard, type FlowMapping, type Listener } from '@relay/relay';
import type { UdpSocket } from '@relay/socket';
import type { ForwardMapping } from './mapping-format.js';

/** One port of a forward: what arrives at its socket is for its target's port. */
export class ForwardPort extends ListenerPort {
  override readonly socket: UdpSocket;
  readonly #targetPort: number;

  constructor(socket: UdpSocket, targetPort: number) {
    super(socket);
    this.socket = socket;
    this.#targetPort = targetPort;
  }

  set targetAddress(address: string) {
    const packed = new Uint8Array(PACKED_ENDPOINT_BYTES);
    packEndpoint({ address, port: this.#targetPort }, packed, 0);
    this.target = packed;
  }
}

/** A forward that runs: local ports, the target's name and ports, and their flows. */
export class Forward {
  readonly listener: Listener;
  readonly ports: readonly ForwardPort[];
  readonly #settings: FlowMapping;
  #mapping: ForwardMapping;

  /** `sockets`: one for each port of the mapping, in order. */
  constructor(mapping: ForwardMapping, sockets: readonly UdpSocket[], shard: Pick<ClientShard, 'newListener'>) {
    const { target, idle, maxFlows } = mapping;
    this.#mapping = mapping;
    this.#settings = { idleMs: idle, maxFlows };
    this.ports = sockets.map((socket, i) => new ForwardPort(socket, target.first + i));
    this.listener = shard.newListener(this.#settings, this.ports);
    const literal = parseAddress(target.host);
    if (literal !== undefined) this.setTargetAddress(literal);
  }

  get mapping(): ForwardMapping {
    return this.#mapping;
  }

  /** The name that has to be resolved to reach the target; undefined where an address was given. */
  get targetName(): string | undefined {
    const { host } = this.#mapping.target;
    return parseAddress(host) === undefined ? host : undefined;
  }

  /** Whether it is known where the target is. */
  get isResolved(): boolean {
    return this.ports.every(({ target }) => target !== undefined);
  }

  /** `127.0.0.1:5353 -> 1.1.1.1:53`, with the real ports. */
  get description(): string {
    const locals = this.ports.map(({ socket }) => socket.local);
    const [first] = locals;
    if (first === undefined) return '';
    const { host, first: firstPort, last } = this.#mapping.target;
    const listen = `${formatEndpoint(first)}${locals.length > 1 ? `-${locals.at(-1)?.port ?? ''}` : ''}`;
    const ports = firstPort === last ? `${firstPort}` : `${firstPort}-${last}`;
    return `${listen} -> ${host.includes(':') ? `[${host}]` : host}:${ports}`;
  }

  /** Takes on limits that have changed: flows that are open keep theirs. */
  update(mapping: ForwardMapping): void {
    this.#mapping = mapping;
    this.#settings.idleMs = mapping.idle;
    this.#settings.maxFlows = mapping.maxFlows;
  }

  /** Where the target is from now on. Flows that are open keep the address that they began with. */
  setTargetAddress(address: string): void {
    for (const port of this.ports) port.targetAddress = address;
  }
}
