import type { PublishedPorts } from '@relay/packet';
import { addressesMeet, equalPorts, type Publication } from './publication.js';

/** A port of a range that another publication holds. */
export interface Overlap {
  readonly port: number;
  readonly holder: Publication;
}

/** Who holds which ports: no port of an address is held twice. */
export class PortBook {
  readonly #byPort = new Map<number, Publication[]>();
  readonly #byClient = new Map<string, Set<Publication>>();

  /** All publications, in the order in which they were added for each client. */
  *[Symbol.iterator](): Iterator<Publication> {
    for (const publications of this.#byClient.values()) yield* publications;
  }

  get isEmpty(): boolean {
    return this.#byClient.size === 0;
  }

  /** The publications of the client with this key, as a list of its own. */
  of(key: string): Publication[] {
    return [...(this.#byClient.get(key) ?? [])];
  }

  /** The client's publication of exactly these ports. */
  find(key: string, ports: PublishedPorts): Publication | undefined {
    return this.of(key).find((publication) => equalPorts(publication.ports, ports));
  }

  /** The ports of this range that are held, the lowest first; a port may have several holders. */
  *overlaps({ endpoint, count }: PublishedPorts): Generator<Overlap> {
    for (let port = endpoint.port; port < endpoint.port + count; port++) {
      for (const holder of this.#byPort.get(port) ?? [])
        if (addressesMeet(endpoint.address, holder.ports.endpoint.address)) yield { port, holder };
    }
  }

  /** The publication holds its ports from now on. Nobody else may hold one of them. */
  add(publication: Publication): void {
    const own = this.#byClient.get(publication.key);
    if (own === undefined) this.#byClient.set(publication.key, new Set([publication]));
    else own.add(publication);
    for (const port of portsOf(publication.ports))
      this.#byPort.set(port, [...(this.#byPort.get(port) ?? []), publication]);
  }

  /** The publication holds nothing any more. Returns whether it did. */
  remove(publication: Publication): boolean {
    const own = this.#byClient.get(publication.key);
    if (own === undefined || !own.delete(publication)) return false;
    if (own.size === 0) this.#byClient.delete(publication.key);
    for (const port of portsOf(publication.ports)) {
      const left = (this.#byPort.get(port) ?? []).filter((holder) => holder !== publication);
      if (left.length === 0) this.#byPort.delete(port);
      else this.#byPort.set(port, left);
    }
    return true;
  }
}

/** Each port of a range. */
export function portsOf({ endpoint: { port }, count }: PublishedPorts): number[] {
  return Array.from({ length: count }, (_, i) => port + i);
}
