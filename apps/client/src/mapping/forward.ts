import { packEndpoint, PACKED_ENDPOINT_BYTES, parseAddress } from '@relay/packet';
import { formatHostPorts } from '@relay/program';
import { ListenerPort, type ClientShard, type FlowMapping, type Listener } from '@relay/relay';
import type { UdpSocket } from '@relay/socket';
import type { ForwardMapping } from './forward-format.js';

/** One port of a forward. It sends the datagrams of its socket to the same port of the target. */
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

const flowSettings = ({ idle, maxFlows, replies, requests }: ForwardMapping): FlowMapping => ({
  idleMs: idle,
  maxFlows,
  replies,
  requests,
});

/** A running forward: local ports, the name and ports of the target, and their flows. */
export class Forward {
  readonly listener: Listener;
  readonly ports: readonly ForwardPort[];
  readonly #settings: FlowMapping;
  #mapping: ForwardMapping;

  /** `sockets` has one socket for each port of the mapping, in order. */
  constructor(mapping: ForwardMapping, sockets: readonly UdpSocket[], shard: Pick<ClientShard, 'newListener'>) {
    const { target } = mapping;
    this.#mapping = mapping;
    this.#settings = flowSettings(mapping);
    this.ports = sockets.map((socket, i) => new ForwardPort(socket, target.first + i));
    this.listener = shard.newListener(this.#settings, this.ports);
    const literal = parseAddress(target.host);
    if (literal !== undefined) this.setTargetAddress(literal);
  }

  get mapping(): ForwardMapping {
    return this.#mapping;
  }

  /**
   * The name that must be resolved to reach the target, or undefined if the target has an address.
   */
  get targetName(): string | undefined {
    const { host } = this.#mapping.target;
    return parseAddress(host) === undefined ? host : undefined;
  }

  /** True if the address of the target is known. */
  get isResolved(): boolean {
    return this.ports.every(({ target }) => target !== undefined);
  }

  /** The text `127.0.0.1:5353 -> 1.1.1.1:53`, with the real ports. */
  get description(): string {
    const locals = this.ports.map(({ socket }) => socket.local);
    const [first] = locals;
    if (first === undefined) return '';
    const { target } = this.#mapping;
    const listen = { first: first.port, last: locals.at(-1)?.port ?? first.port };
    return `${formatHostPorts(first.address, listen)} -> ${formatHostPorts(target.host, target)}`;
  }

  /** What status and logs call it: its name as configured, or its description. */
  get name(): string {
    return this.#mapping.name ?? this.description;
  }

  /** Applies changed limits. Open flows keep their old limits. */
  update(mapping: ForwardMapping): void {
    this.#mapping = mapping;
    Object.assign(this.#settings, flowSettings(mapping));
  }

  /** Sets the drop code for datagrams while the target has no address. */
  setWithoutTarget(code: number): void {
    for (const port of this.ports) port.withoutTarget = code;
  }

  /** Sets the address of the target. Open flows keep their old address. */
  setTargetAddress(address: string): void {
    for (const port of this.ports) port.targetAddress = address;
  }
}
