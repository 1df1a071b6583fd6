/**
 * The clients that a shard lets in. Each shard has a copy of its own, kept up to date by changes.
 */
import { formatKey, type ClientDirectory, type ClientEntry } from '@relay/session';
import type { ForwardRights } from './modes/forward.js';
import type { PortRange } from './policy/target-policy.js';

/** A client that may come in: plain data, which can be sent from thread to thread. */
export interface KnownClient extends ClientEntry, ForwardRights {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** The ports of the server that it may publish; empty: none. */
  readonly publish: readonly PortRange[];
  /** When its invitation expires, ms since 1970 by the wall clock; Infinity: never. */
  readonly expiresWallMs: number;
}

/** A change of the clients: plain data, which can be sent from thread to thread. */
export interface ClientsChange {
  /**
   * Clients that are new, and clients with a new name, new rights, new limits or a new expiry. The
   * newer of two timestamps of a client counts, so that a change may carry an older one.
   */
  readonly changed: readonly KnownClient[];
  /** Public keys of clients that may not come in any more. */
  readonly gone: readonly Uint8Array[];
}

/** A client whose sessions must end, and why. */
export interface LeavingClient {
  readonly publicKey: Uint8Array;
  readonly reason: 'revoked' | 'expired';
}

/** The timestamp of a handshake that a client completed, newer than all of its before. */
export interface NewestTimestamp {
  readonly kind: 'newest-timestamp';
  readonly publicKey: Uint8Array;
  readonly timestamp: bigint;
}

const NONE: readonly NewestTimestamp[] = [];

/** The clients by key, as the session's channel and the modes ask for them. */
export class KnownClients implements ClientDirectory {
  readonly #wallClock: () => number;
  readonly #byKey = new Map<string, KnownClient>();
  /** Keys of clients that may have sessions which end when their invitations expire. */
  readonly #expiring = new Set<string>();
  #timestamps: NewestTimestamp[] = [];

  /** `wallClock` gives ms since 1970. */
  constructor(wallClock: () => number) {
    this.#wallClock = wallClock;
  }

  /** Whether a client that may have a session has an invitation that will expire. */
  get isExpiring(): boolean {
    return this.#expiring.size > 0;
  }

  /** The client with this public key, unless its invitation has expired. */
  lookup(publicKey: Uint8Array): KnownClient | undefined {
    const key = formatKey(publicKey);
    const client = this.#byKey.get(key);
    if (client === undefined || this.#hasExpired(client)) return undefined;
    if (client.expiresWallMs !== Infinity) this.#expiring.add(key);
    return client;
  }

  recordTimestamp(publicKey: Uint8Array, timestamp: bigint): void {
    const key = formatKey(publicKey);
    const client = this.#byKey.get(key);
    if (client === undefined) return;
    this.#byKey.set(key, { ...client, newestTimestamp: timestamp });
    this.#timestamps.push({ kind: 'newest-timestamp', publicKey: client.publicKey, timestamp });
  }

  /** The timestamps that were recorded since the last call, the oldest first. */
  takeTimestamps(): readonly NewestTimestamp[] {
    if (this.#timestamps.length === 0) return NONE; // the loop asks at each turn
    const taken = this.#timestamps;
    this.#timestamps = [];
    return taken;
  }

  /** Applies a change. Returns the clients whose sessions must end. */
  apply({ changed, gone }: ClientsChange): LeavingClient[] {
    for (const publicKey of gone) {
      const key = formatKey(publicKey);
      this.#byKey.delete(key);
      this.#expiring.delete(key);
    }
    for (const client of changed) this.#set(client);
    return [...gone.map((publicKey) => ({ publicKey, reason: 'revoked' as const })), ...this.takeExpired()];
  }

  /** The clients whose invitations have expired since the last call: their sessions must end. */
  takeExpired(): LeavingClient[] {
    const expired: LeavingClient[] = [];
    for (const key of this.#expiring) {
      const client = this.#byKey.get(key);
      if (client === undefined || !this.#hasExpired(client)) continue;
      this.#expiring.delete(key);
      expired.push({ publicKey: client.publicKey, reason: 'expired' });
    }
    return expired;
  }

  #set(client: KnownClient): void {
    const key = formatKey(client.publicKey);
    const known = this.#byKey.get(key)?.newestTimestamp ?? 0n;
    const newestTimestamp = client.newestTimestamp > known ? client.newestTimestamp : known;
    this.#byKey.set(key, { ...client, newestTimestamp });
    if (client.expiresWallMs === Infinity) this.#expiring.delete(key);
    else this.#expiring.add(key);
  }

  #hasExpired({ expiresWallMs }: KnownClient): boolean {
    return expiresWallMs <= this.#wallClock();
  }
}
