import type { KnownClient } from '@relay/relay';
import { parseAllowance, parsePorts } from './allowance.js';
import type { ClientRecord } from './client-record.js';
import { publicKeyOf } from './client-store.js';

/**
 * A client as shards know it: the record of its file, and the newest timestamp of its handshakes.
 */
export function knownClient(record: ClientRecord, newestTimestamp: bigint): KnownClient {
  const { name, allow, publish = [], maxPps, maxBps, expiresAt } = record;
  return {
    name,
    publicKey: publicKeyOf(record),
    allowances: allow.flatMap((text) => parseAllowance(text) ?? []),
    publish: publish.flatMap((text) => parsePorts(text) ?? []),
    limits: {
      ...(maxPps !== undefined && { packetsPerSecond: maxPps }),
      ...(maxBps !== undefined && { bitsPerSecond: maxBps }),
    },
    expiresWallMs: expiresAt === undefined ? Infinity : Date.parse(expiresAt),
    newestTimestamp,
  };
}
