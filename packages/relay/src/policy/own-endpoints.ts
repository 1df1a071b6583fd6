import { packEndpoint, PACKED_ENDPOINT_BYTES, parseAddress, type Endpoint } from '@relay/packet';
import { ADDRESS_BYTES, addressRange, isInRange, type AddressRange } from './address-range.js';

const PORT_BYTES = 2;

const LOCAL_RANGES: readonly AddressRange[] = [
  addressRange({ address: '127.0.0.0', prefix: 8 }),
  addressRange({ address: '0.0.0.0', prefix: 8 }),
  addressRange({ address: '::', prefix: 127 }),
];

/**
 * The endpoints on which this server itself listens, at whichever of this host's addresses: nobody
 * may reach them as a target, or a datagram could go round for ever.
 */
export class OwnEndpoints {
  readonly #ports: Uint8Array[];
  readonly #read: () => readonly string[];
  /** Undefined until they could be read. */
  #addresses: readonly AddressRange[] | undefined;

  /** `read` gives the addresses of this host's interfaces, and may throw. */
  constructor(listening: readonly Endpoint[], read: () => readonly string[]) {
    this.#read = read;
    this.#ports = listening.map((endpoint) => pack(endpoint).subarray(ADDRESS_BYTES, ADDRESS_BYTES + PORT_BYTES));
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
    const isOwnPort = this.#ports.some((port) => port.every((byte, i) => byte === target[offset + ADDRESS_BYTES + i]));
    if (!isOwnPort || this.#addresses === undefined) return isOwnPort;
    return [...LOCAL_RANGES, ...this.#addresses].some((range) => isInRange(range, target, offset));
  }
}

function pack(endpoint: Endpoint): Uint8Array {
  const packed = new Uint8Array(PACKED_ENDPOINT_BYTES);
  packEndpoint(endpoint, packed, 0);
  return packed;
}
