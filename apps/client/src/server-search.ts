/**
 * Searches for the server of an invitation until it is found, and tells users if that takes long.
 */
import type { Logger } from '@relay/logging';
import { equalEndpoints, formatEndpoint, parseAddress, unpackEndpoint, type Endpoint } from '@relay/packet';
import { guarded, type Cancel, type Machine } from '@relay/program';
import type { ClientEvent } from '@relay/relay';
import type { Invitation } from '@relay/session';
import type { RelayClient } from './client.js';
import { withKnownZone } from '@relay/socket';

/**
 * How long a server may take to answer, in ms. After that the client tells users and tries the next
 * address.
 */
const PATIENCE_MS = 3000;

const NO_ANSWER =
  'no answer from the server: still trying (is it running, is the port open, was the invitation revoked?)';
const UNRESOLVED = "the server's name cannot be resolved: still trying";

export class ServerSearch {
  /** The text `host:port` as in the invitation. */
  readonly serverName: string;
  readonly #invitation: Invitation;
  readonly #client: RelayClient;
  readonly #log: Pick<Logger, 'warn' | 'error'>;
  readonly #lookGuarded: () => void;
  readonly #machine: Pick<Machine, 'schedule' | 'resolveName'>;
  /** The messages that users have had since the search began. */
  readonly #told = new Set<string>();
  #cancelTimer: Cancel | undefined;
  #tries = 0;
  /** The addresses that the last look has found, as text. */
  #known: ReadonlySet<string> = new Set();
  #isLooking = false;

  constructor(
    invitation: Invitation,
    client: RelayClient,
    log: Pick<Logger, 'warn' | 'error'>,
    machine: Pick<Machine, 'schedule' | 'resolveName'>,
  ) {
    const { host, port } = invitation;
    this.serverName = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    this.#invitation = invitation;
    this.#client = client;
    this.#log = log;
    this.#lookGuarded = guarded(log, 'the search for the server', () => this.#look());
    this.#machine = machine;
  }

  /** Begins to search for the server, and repeats that. */
  begin(): void {
    this.resume();
    this.#lookGuarded();
  }

  /** Begins and ends the search by the events of the client's sessions. */
  follow(event: ClientEvent): void {
    switch (event.kind) {
      case 'connected':
      case 'path-restored':
        return this.end();
      case 'path-lost':
        return this.resume();
      case 'disconnected':
        if (event.reason !== 'closed') this.resume(); // otherwise the client is ending
        break;
      default:
    }
  }

  /** Searches again if the server does not come back by itself. */
  resume(): void {
    this.end();
    this.#told.clear();
    this.#lookLater();
  }

  /** Ends the search: the server was found, or is no longer wanted. */
  end(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #lookLater(): void {
    this.#cancelTimer = this.#machine.schedule(PATIENCE_MS, () => {
      this.#lookLater();
      this.#lookGuarded();
    });
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return; // a resolver may take longer than PATIENCE_MS
    this.#isLooking = true;
    try {
      const addresses = await serverAddresses(this.#invitation, this.#machine.resolveName);
      if (this.#cancelTimer !== undefined) this.#try(addresses);
    } finally {
      this.#isLooking = false;
    }
  }

  #try(addresses: readonly Endpoint[]): void {
    const { session } = this.#client.channel;
    const present = session && unpackEndpoint(session.endpoint, 0);
    const server = chooseServer(addresses, present, this.#tries);
    if (server === undefined) return this.#tell(UNRESOLVED);
    // Users already know of a lost path.
    if (session === undefined && this.#client.channel.failedAttempts > 0 && this.#tries > 0) this.#tell(NO_ANSWER);
    // Each address is tried soon once, and one that the name has not led to before.
    const isNews = this.#tries < addresses.length || !this.#known.has(formatEndpoint(server));
    this.#known = new Set(addresses.map(formatEndpoint));
    this.#tries++;
    this.#client.setServer(server, isNews);
  }

  #tell(message: string): void {
    if (!this.#told.has(message)) this.#log.warn(message, { server: this.serverName });
    this.#told.add(message);
  }
}

/**
 * Returns the endpoint to try next. Each address has its turn. If the path of a session is lost,
 * the endpoint of that session is the only one as long as the name leads there, so that nothing
 * delays its return. Returns undefined if there is none.
 */
export function chooseServer(
  addresses: readonly Endpoint[],
  present: Endpoint | undefined,
  tries: number,
): Endpoint | undefined {
  const isStillThere = present !== undefined && addresses.some((address) => equalEndpoints(address, present));
  return isStillThere ? present : addresses[tries % addresses.length];
}

/**
 * Returns the endpoints of the invitation's host, in the order that the system prefers. Empty if
 * its name, or its zone, cannot be resolved now.
 */
async function serverAddresses({ host, port }: Invitation, resolveName: Machine['resolveName']): Promise<Endpoint[]> {
  const literal = parseAddress(host);
  if (literal !== undefined) {
    const address = withKnownZone(literal);
    return address === undefined ? [] : [{ address, port }];
  }
  try {
    const found = await resolveName(host);
    return found.flatMap((address) => parseAddress(address) ?? []).map((address) => ({ address, port }));
  } catch {
    return []; // no such name, or no resolver at present: the caller says so and tries again
  }
}
