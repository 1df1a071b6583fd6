import type { ClientDirectory, ClientEntry, ClientLimits } from '@relay/session';
import type { Allowance } from '@relay/relay';
import { parseAllowance } from './allowance.js';
import type { ClientRecord } from './client-record.js';
import { publicKeyOf } from './client-store.js';

/** The clients that a server lets in, with the rights of each. */
export interface Clients extends ClientDirectory {
  lookup(publicKey: Uint8Array): Client | undefined;
}

/**
 * A client that may come in. Its rights change in place when its file does, so that running
 * sessions follow.
 */
export class Client implements ClientEntry {
  readonly name: string;
  readonly publicKey: Uint8Array;
  newestTimestamp: bigint;
  #record: ClientRecord;
  #allowances: readonly Allowance[] = [];

  constructor(record: ClientRecord, newestTimestamp: bigint) {
    this.name = record.name;
    this.publicKey = publicKeyOf(record);
    this.newestTimestamp = newestTimestamp;
    this.#record = record;
    this.update(record);
  }

  update(record: ClientRecord): void {
    this.#record = record;
    this.#allowances = record.allow.flatMap((text) => parseAllowance(text) ?? []);
  }

  get record(): ClientRecord {
    return this.#record;
  }

  get allowances(): readonly Allowance[] {
    return this.#allowances;
  }

  get limits(): ClientLimits {
    const { maxPps, maxBps } = this.#record;
    return {
      ...(maxPps !== undefined && { packetsPerSecond: maxPps }),
      ...(maxBps !== undefined && { bitsPerSecond: maxBps }),
    };
  }

  get expiresWallMs(): number {
    const { expiresAt } = this.#record;
    return expiresAt === undefined ? Infinity : Date.parse(expiresAt);
  }
}
