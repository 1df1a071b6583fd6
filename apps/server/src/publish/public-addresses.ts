import { isUnspecifiedAddress } from '@relay/packet';
import { ListenFailure } from '@relay/program';
import type { Engine } from '@relay/socket';

const ALL = '::';
const ALL_IPV4 = '0.0.0.0';
/** fe80::/10, with a zone or without. */
const LINK_LOCAL = /^fe[89ab][0-9a-f]:/;
/** What sockets on `::` say where IPv6 is missing. */
const WITHOUT_IPV6: ReadonlySet<string> = new Set(['ipv6-unavailable', 'address-not-available']);

/** The addresses at which the sockets for a public address are bound. */
export interface BoundAddresses {
  /** Each must be open. */
  readonly needed: readonly string[];
  /** Addresses of a link: these may fail, as some do while their link comes up. */
  readonly linkLocal: readonly string[];
}

export interface PublicAddressesOptions {
  /** The addresses of this host's interfaces; may throw. */
  readonly localAddresses: () => readonly string[];
  /** The engine of the sockets, as one that is open tells it. */
  readonly engine: () => Engine;
}

/**
 * Where the sockets of public ports are bound. All addresses of the server are one socket, which
 * knows which address a visitor asked, so that this one answers. A socket of the engine dgram does
 * not know it: there they are one socket for each local address.
 */
export class PublicAddresses {
  readonly #options: PublicAddressesOptions;
  #all: typeof ALL | typeof ALL_IPV4 = ALL;
  /** Undefined until they could be read. */
  #local: readonly string[] | undefined;

  constructor(options: PublicAddressesOptions) {
    this.#options = options;
  }

  /** Whether what all addresses are bound to depends on those of this host. */
  get #isEach(): boolean {
    return this.#options.engine() === 'dgram';
  }

  /**
   * Reads this host's addresses again, where they matter. Returns whether they have changed. Throws
   * the system's error; the former ones stay in use then.
   */
  look(): boolean {
    if (!this.#isEach) return false;
    const found = [...new Set(this.#options.localAddresses())];
    const former = new Set(this.#local);
    const isSame = found.length === former.size && found.every((address) => former.has(address));
    this.#local = found;
    return !isSame;
  }

  /** The addresses to bind for a public one. Throws if this host's cannot be read. */
  of(address: string): BoundAddresses {
    if (!isUnspecifiedAddress(address)) return { needed: [address], linkLocal: [] };
    if (!this.#isEach) return { needed: [address === ALL ? this.#all : address], linkLocal: [] };
    if (this.#local === undefined) this.look();
    const fitting = (this.#local ?? []).filter((local) => address === ALL || !local.includes(':'));
    return {
      needed: fitting.filter((local) => !LINK_LOCAL.test(local)),
      linkLocal: fitting.filter((local) => LINK_LOCAL.test(local)),
    };
  }

  /**
   * Takes note of a failure to open. Returns whether it was for want of IPv6, so that all addresses
   * are those of IPv4 from now on.
   */
  fallsBack(failure: unknown): boolean {
    const isMissing =
      failure instanceof ListenFailure && failure.endpoint.address === ALL && WITHOUT_IPV6.has(failure.code);
    if (isMissing) this.#all = ALL_IPV4;
    return isMissing;
  }
}
