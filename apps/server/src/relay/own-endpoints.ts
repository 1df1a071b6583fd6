import { packEndpoint, PACKED_ENDPOINT_BYTES, parseAddress, type Endpoint } from '@relay/packet';
import { ADDRESS_BYTES, addressRange, isInRange, type AddressRange } from './address-range.js';

/** How long the list of this host's addresses is used before it is read again, in ms. */
const STALE_AFTER_MS = 10_000;
const PORT_BYTES = 2;

const LOCAL_RANGES: readonly AddressRange[] = [
  addressRange({ address: '127.0.0.0', prefix: 8 }),
  addressRange({ address: '0.0.0.0', prefix: 8 }),
  addressRange({ address: '::', prefix: 127 }),
];

/**
 * The endpoints on which this server itself listens, at whichever of this host's addresses: nobody may reach them as a target,
 * or a datagram could go round for ever.
 */
export class OwnEndpoints {
  readonly #ports: Uint8Array[];
  readonly #clock: () => number;
  readonly #localAddresses: () => readonly string[];
  #addresses: AddressRange[] = [];
  #readMs = -Infinity;

  /** `localAddresses` gives the addresses of this host's interfaces. */
  constructor(listening: readonly Endpoint[], clock: () => number, localAddresses: () => readonly string[]) {
    this.#clock = clock;
    this.#localAddresses = localAddresses;
    this.#ports = listening.map((endpoint) => pack(endpoint).subarray(ADDRESS_BYTES, ADDRESS_BYTES + PORT_BYTES));
  }

  /** Whether the packed endpoint at `offset` is one of them. */
  includes(target: Uint8Array, offset: number): boolean {
    const isOwnPort = this.#ports.some((port) => port.every((byte, i) => byte === target[offset + ADDRESS_BYTES + i]));
    return isOwnPort && [...LOCAL_RANGES, ...this.#local()].some((range) => isInRange(range, target, offset));
  }

  #local(): readonly AddressRange[] {
    const nowMs = this.#clock();
    if (nowMs - this.#readMs > STALE_AFTER_MS) {
      this.#readMs = nowMs;
      this.#addresses = this.#localAddresses()
        .flatMap((address) => parseAddress(address.split('%')[0] ?? '') ?? [])
        .map((address) => addressRange({ address, prefix: address.includes(':') ? 128 : 32 }));
    }
    return this.#addresses;
  }
}

function pack(endpoint: Endpoint): Uint8Array {
  const packed = new Uint8Array(PACKED_ENDPOINT_BYTES);
  packEndpoint(endpoint, packed, 0);
  return packed;
}
