import type { KnownClient } from '@relay/relay';
import { parseAllowance } from './allowance.js';
import type { ClientRecord } from './client-record.js';
import { publicKeyOf } from './client-store.js';

/**
 * A client as shards know it: the record of its file, and the newest timestamp of its handshakes.
 */
export function knownClient(record: ClientRecord, newestTimestamp: bigint): KnownClient {
  const { name, allow, maxPps, maxBps, expiresAt } = record;
  return {
    name,
    publicKey: publicKeyOf(record),
    allowances: allow.flatMap((text) => parseAllowance(text) ?? []),
    limits: {
      ...(maxPps !== undefined && { packetsPerSecond: maxPps }),
      ...(maxBps !== undefined && { bitsPerSecond: maxBps }),
    },
    expiresWallMs: expiresAt === undefined ? Infinity : Date.parse(expiresAt),
    newestTimestamp,
  };
}
