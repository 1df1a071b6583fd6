import { isUnspecifiedAddress, packedPort, parseAddress, type Endpoint } from '@relay/packet';
import { addressRange, isInRange, type AddressRange } from './address-range.js';

const LOCAL_RANGES: readonly AddressRange[] = [
  addressRange({ address: '127.0.0.0', prefix: 8 }),
  addressRange({ address: '0.0.0.0', prefix: 8 }),
  addressRange({ address: '::', prefix: 127 }),
];

/** A port on which the server listens at whichever of this host's addresses. */
const EVERYWHERE = '';

/**
 * The endpoints on which this server itself listens, published ports and routes too: nobody may
 * reach them as a target, or a datagram could go round for ever.
 */
export class OwnEndpoints {
  /** How many sockets of the server listen on each port, by their address or {@link EVERYWHERE}. */
  readonly #ports = new Map<number, Map<string, number>>();
  readonly #read: () => readonly string[];
  /** Undefined until they could be read. */
  #addresses: readonly AddressRange[] | undefined;

  /** `read` gives the addresses of this host's interfaces, and may throw. */
  constructor(listening: readonly Endpoint[], read: () => readonly string[]) {
    this.#read = read;
    for (const { port } of listening) this.add(port);
  }

  /** The server listens on this port once more, at whichever of this host's addresses. */
  add(port: number): void {
    this.#count(port, EVERYWHERE, 1);
  }

  /** The server listens on this port once less. */
  remove(port: number): void {
    this.#count(port, EVERYWHERE, -1);
  }

  /**
   * The server listens at this endpoint once more. Other addresses of this host are its own only if
   * it listens at all of them, or at those that mean this host on every host.
   */
  addEndpoint({ address, port }: Endpoint): void {
    this.#count(port, placeOf(address), 1);
  }

  /** The server listens at this endpoint once less. */
  removeEndpoint({ address, port }: Endpoint): void {
    this.#count(port, placeOf(address), -1);
  }

  /**
   * Reads this host's addresses again. Throws the system's error (it opens a socket); the former
   * ones stay in use then.
   */
  look(): void {
    this.#addresses = this.#read()
      .flatMap((address) => parseAddress(address.split('%')[0] ?? '') ?? [])
      .map(hostRange);
  }

  /**
   * Whether the packed endpoint at `offset` is one of them: on an own port any address as long as
   * this host's are unknown.
   */
  includes(target: Uint8Array, offset: number): boolean {
    const places = this.#ports.get(packedPort(target, offset));
    if (places === undefined || this.#addresses === undefined) return places !== undefined;
    const ranges = places.has(EVERYWHERE)
      ? [...LOCAL_RANGES, ...this.#addresses]
      : [...places.keys()].map((address) => hostRange(address));
    return ranges.some((range) => isInRange(range, target, offset));
  }

  #count(port: number, place: string, difference: number): void {
    const places = this.#ports.get(port) ?? new Map<string, number>();
    const count = (places.get(place) ?? 0) + difference;
    if (count > 0) places.set(place, count);
    else places.delete(place);
    if (places.size > 0) this.#ports.set(port, places);
    else this.#ports.delete(port);
  }
}

/** The range of one address. */
const hostRange = (address: string): AddressRange =>
  addressRange({ address, prefix: address.includes(':') ? 128 : 32 });

/** Where a socket at this address is reached: there, or at whichever of this host's addresses. */
function placeOf(address: string): string {
  const bare = address.split('%')[0] ?? '';
  const isHere = isUnspecifiedAddress(bare) || bare === '::1' || bare.startsWith('127.');
  return isHere ? EVERYWHERE : bare;
}
