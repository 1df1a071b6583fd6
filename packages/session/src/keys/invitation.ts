import { nodePrimitives } from '../crypto/node.js';
import { formatKey, parseKey } from './key-pair.js';

/**
 * What a client needs to come in: who it is, where the server is, and whom it must meet there. A
 * secret.
 */
export interface Invitation {
  readonly clientPrivateKey: Uint8Array;
  readonly serverPublicKey: Uint8Array;
  /** A name or an address as written; an IPv6 address without brackets. */
  readonly host: string;
  /** 1 to 65,535. */
  readonly port: number;
  /**
   * The client's name as its server's owner gave it: 1 to 64 characters, none of them a control
   * character.
   */
  readonly name: string;
}

/** `relay://CLIENT-PRIVATE-KEY@HOST:PORT?server=SERVER-PUBLIC-KEY&name=NAME`. */
export function formatInvitation(invitation: Invitation): string {
  const { clientPrivateKey, serverPublicKey, host, port, name } = invitation;
  const authority = host.includes(':') ? `[${host}]` : host;
  const query = `server=${formatKey(serverPublicKey)}&name=${encodeURIComponent(name)}`;
  return `relay://${formatKey(clientPrivateKey)}@${authority}:${port}?${query}`;
}

/**
 * Reads an invitation. The result is the invitation, or a sentence that says what is wrong with the
 * text without repeating any of it, since it is a secret.
 */
export function parseInvitation(text: string): Invitation | string {
  const parts = PATTERN.exec(text.trim());
  if (parts === null) return 'expected relay://KEY@HOST:PORT?server=KEY&name=NAME';
  const [, clientKey = '', host = '', portText = '', query = ''] = parts;
  const fields = new URLSearchParams(query);
  const clientPrivateKey = parseKey(clientKey);
  if (clientPrivateKey === undefined) return 'the key before the @ is not a key (43 characters of base64url)';
  const serverPublicKey = parseKey(fields.get('server') ?? '');
  if (serverPublicKey === undefined)
    return 'the key after server= is missing or not a key (43 characters of base64url)';
  if (!canAgree(clientPrivateKey, serverPublicKey))
    return 'the key after server= is a point of low order, which no server has';
  const port = Number(portText);
  if (port < 1 || port > 65_535) return 'the port is not between 1 and 65535';
  const name = fields.get('name') ?? '';
  if (!NAME_PATTERN.test(name)) return 'the name after name= is missing, too long or has control characters';
  if (fields.getAll('server').length + fields.getAll('name').length > 2) return 'it has a field twice';
  for (const key of fields.keys()) {
    if (key !== 'server' && key !== 'name') return 'it has a field besides server and name';
  }
  return { clientPrivateKey, serverPublicKey, host: host.replace(/^\[|\]$/g, ''), port, name };
}

function canAgree(clientPrivateKey: Uint8Array, serverPublicKey: Uint8Array): boolean {
  const key = nodePrimitives.privateKey(clientPrivateKey);
  const secret = key.agree(serverPublicKey);
  key.wipe();
  secret?.fill(0);
  return secret !== undefined;
}

const PATTERN =
  /^relay:\/\/([A-Za-z0-9_-]+)@(\[[0-9a-fA-F:.]+(?:%[A-Za-z0-9_.-]+)?\]|[A-Za-z0-9._-]+):(\d{1,5})\?([!-~]+)$/;
// eslint has no quarrel with \p{Cc}: control characters, C1 included; \p{Cf} has the bidirectional
// overrides.
const NAME_PATTERN = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{1,64}$/u;
