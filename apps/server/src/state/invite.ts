import { EXIT, ProgramFailure } from '@relay/program';
import { formatInvitation, formatKey, generateKeyPair } from '@relay/session';
import { isClientName, type ClientRecord } from './client-record.js';
import { addClient } from './client-store.js';
import type { PublicEndpoint } from './public-address.js';
import type { StateFolder } from './state-folder.js';

/** The rights that an invitation grants. */
export interface Rights {
  readonly allow: readonly string[];
  readonly publish?: readonly string[] | undefined;
  readonly maxPps?: number | undefined;
  readonly maxBps?: number | undefined;
  readonly expiresInMs?: number | undefined;
  /** Instead of `expiresInMs`. */
  readonly expiresAt?: Date;
}

/**
 * Makes a client: its public key and rights are kept, its private key is only in the invitation
 * that is returned. Throws a ProgramFailure where the name is taken or is no name.
 */
export function invite(state: StateFolder, name: string, rights: Rights, at: PublicEndpoint): string {
  if (!isClientName(name))
    throw new ProgramFailure(
      EXIT.usage,
      `'${name}' cannot be a client's name: 1 to 64 letters, digits, dots, underscores and hyphens, not beginning with a dot`,
    );
  const { publicKey, privateKey } = generateKeyPair();
  const now = Date.now();
  const expiresAt = rights.expiresInMs === undefined ? rights.expiresAt : new Date(now + rights.expiresInMs);
  const record: ClientRecord = {
    name,
    publicKey: formatKey(publicKey),
    allow: rights.allow,
    ...(rights.publish !== undefined && rights.publish.length > 0 && { publish: rights.publish }),
    ...(rights.maxPps !== undefined && { maxPps: rights.maxPps }),
    ...(rights.maxBps !== undefined && { maxBps: rights.maxBps }),
    createdAt: new Date(now).toISOString(),
    ...(expiresAt !== undefined && { expiresAt: expiresAt.toISOString() }),
  };
  addClient(state.path, record);
  return formatInvitation({ clientPrivateKey: privateKey, serverPublicKey: state.staticKey.publicKey, ...at, name });
}
