import { packedPort, parseAddress, type Endpoint } from '@relay/packet';
import { addressRange, isInRange, type AddressRange } from './address-range.js';

const LOCAL_RANGES: readonly AddressRange[] = [
  addressRange({ address: '127.0.0.0', prefix: 8 }),
  addressRange({ address: '0.0.0.0', prefix: 8 }),
  addressRange({ address: '::', prefix: 127 }),
];

/**
 * The endpoints on which this server itself listens, published ports too, at whichever of this
 * host's addresses: nobody may reach them as a target, or a datagram could go round for ever.
 */
export class OwnEndpoints {
  /** How many sockets of the server listen on each port. */
  readonly #ports = new Map<number, number>();
  readonly #read: () => readonly string[];
  /** Undefined until they could be read. */
  #addresses: readonly AddressRange[] | undefined;

  /** `read` gives the addresses of this host's interfaces, and may throw. */
  constructor(listening: readonly Endpoint[], read: () => readonly string[]) {
    this.#read = read;
    for (const { port } of listening) this.add(port);
  }

  /** The server listens on this port once more. */
  add(port: number): void {
    this.#ports.set(port, (this.#ports.get(port) ?? 0) + 1);
  }

  /** The server listens on this port once less. */
  remove(port: number): void {
    const left = (this.#ports.get(port) ?? 0) - 1;
    if (left > 0) this.#ports.set(port, left);
    else this.#ports.delete(port);
  }

  /**
   * Reads this host's addresses again. Throws the system's error (it opens a socket); the former
   * ones stay in use then.
   */
  look(): void {
    this.#addresses = this.#read()
      .flatMap((address) => parseAddress(address.split('%')[0] ?? '') ?? [])
      .map((address) => addressRange({ address, prefix: address.includes(':') ? 128 : 32 }));
  }

  /**
   * Whether the packed endpoint at `offset` is one of them: on an own port any address as long as
   * this host's are unknown.
   */
  includes(target: Uint8Array, offset: number): boolean {
    const isOwnPort = this.#ports.has(packedPort(target, offset));
    if (!isOwnPort || this.#addresses === undefined) return isOwnPort;
    return [...LOCAL_RANGES, ...this.#addresses].some((range) => isInRange(range, target, offset));
  }
}
