import { isGroupAddress, STATUS, type Endpoint } from '@relay/packet';
import type { DescriptorReserve } from '@relay/program';
import type { Shard } from '@relay/relay';
import { portsOf } from './port-book.js';
import type { BoundAddresses, PublicAddresses } from './public-addresses.js';
import type { Publication } from './publication.js';
import { PublicSockets, type SocketSurroundings } from './public-sockets.js';
import { refused, refusedFailure, type RefusedOutcome } from './refusal.js';

export interface PortOpenerOptions {
  readonly shard: Pick<Shard, 'newListener'>;
  readonly sockets: SocketSurroundings;
  readonly addresses: PublicAddresses;
  readonly descriptors: Pick<DescriptorReserve, 'isShort' | 'ranOut'>;
  /** How many sockets the public ports of all clients may have together. */
  readonly maxSockets: number;
  /** Takes the error of work that nobody waits for. */
  readonly onFault: (error: unknown) => void;
}

/** The session of the client is over, so that nothing can be opened for it. */
export const NO_SESSION = 'no-session';

/** Opens and closes the sockets of publications. */
export class PortOpener {
  readonly #options: PortOpenerOptions;
  readonly #open = new Set<PublicSockets>();
  /** What is being closed: its ports are not free yet. */
  readonly #closing = new Set<Promise<void>>();

  constructor(options: PortOpenerOptions) {
    this.#options = options;
  }

  /**
   * Opens all ports of the publication, or none. Returns why there are none, or undefined where all
   * are open. If the publication is closed at the same time, the outcome is of no account.
   */
  async openAll(publication: Publication, session: number): Promise<RefusedOutcome | typeof NO_SESSION | undefined> {
    const { addresses, descriptors } = this.#options;
    const { address } = publication.ports.endpoint;
    if (isGroupAddress(address)) return refused(STATUS.unavailable, 'address-not-available');
    await this.allClosed();
    const needed = this.#endpointsOf(publication, 'needed');
    if (descriptors.isShort || needed.length > this.#room) return refused(STATUS.limit, 'too-many-ports');
    const sockets = this.#newSockets(publication, session);
    if (sockets === undefined) return NO_SESSION;
    try {
      await sockets.openAll(needed).catch((error: unknown) => {
        if (!addresses.fallsBack(error)) throw error;
        return sockets.openAll(this.#endpointsOf(publication, 'needed'));
      });
      await sockets.openSome(this.#endpointsOf(publication, 'linkLocal'));
      return undefined;
    } catch (error) {
      const refusal = refusedFailure(error);
      if (refusal.reason === 'too-many-open-files') descriptors.ranOut();
      return refusal;
    }
  }

  /** Makes the publication one with sockets, of which none is open. False without its session. */
  prepare(publication: Publication, session: number): boolean {
    return this.#newSockets(publication, session) !== undefined;
  }

  /**
   * Opens what should be open and is free, and closes what should not be. Returns why ports are
   * missing after that, the first failure first; none is missing if that is empty.
   */
  async complete(publication: Publication): Promise<readonly RefusedOutcome[]> {
    const { sockets } = publication;
    const { addresses, descriptors } = this.#options;
    if (sockets === undefined) return [];
    const [needed, linkLocal] = [this.#endpointsOf(publication, 'needed'), this.#endpointsOf(publication, 'linkLocal')];
    await sockets.keepOnly([...needed, ...linkLocal]);
    await this.allClosed();
    const missing = needed.filter((endpoint) => !sockets.has(endpoint));
    const fitting = descriptors.isShort ? [] : missing.slice(0, Math.max(0, this.#room));
    const failures = await sockets.openSome(fitting);
    if (failures.some((failure) => addresses.fallsBack(failure))) return this.complete(publication);
    if (failures.some(({ code }) => code === 'too-many-open-files')) descriptors.ranOut();
    await sockets.openSome(linkLocal.filter((endpoint) => !sockets.has(endpoint)));
    const left = missing[fitting.length];
    return [...failures.map(refusedFailure), ...(left ? [refused(STATUS.limit, 'too-many-ports', left.port)] : [])];
  }

  /** Closes all sockets of the publication; its flows end at once. */
  close(publication: Publication): void {
    const { sockets } = publication;
    publication.sockets = undefined;
    if (sockets === undefined) return;
    const closed: Promise<void> = sockets
      .close()
      .catch(this.#options.onFault)
      .then(() => {
        this.#open.delete(sockets);
        this.#closing.delete(closed);
      });
    this.#closing.add(closed);
  }

  /** Resolves when everything that was closed so far has left its ports. */
  async allClosed(): Promise<void> {
    await Promise.all(this.#closing);
  }

  /** How many sockets more there may be. */
  get #room(): number {
    let room = this.#options.maxSockets;
    for (const { size } of this.#open) room -= size;
    return room;
  }

  #newSockets(publication: Publication, session: number): PublicSockets | undefined {
    const listener = this.#options.shard.newListener(session, publication.mapping, [], publication.rules);
    if (listener === undefined) return undefined;
    const sockets = new PublicSockets(listener, this.#options.sockets);
    this.#open.add(sockets);
    publication.sockets = sockets;
    return sockets;
  }

  #endpointsOf({ ports }: Publication, which: keyof BoundAddresses): Endpoint[] {
    const addresses = this.#options.addresses.of(ports.endpoint.address)[which];
    return portsOf(ports).flatMap((port) => addresses.map((address) => ({ address, port })));
  }
}
