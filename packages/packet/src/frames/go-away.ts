/**
 * The body of a go-away request (docs/protocol.md, "Go away"), as an object: it is rare.
 *
 * ```
 *  0        4        5        6
 *  +--------+--------+--------+-----------+-----------------+----- …
 *  | grace  | reason | length | HOST:PORT | public key (32) | …
 *  +--------+--------+--------+-----------+-----------------+----- …
 *           only for a peer with the feature goAwayServers
 * ```
 */
import type { DropReason } from '../drop-reason.js';
import { parseEndpoint } from '../endpoint/endpoint.js';
import { MAX_U32, readU32, readU8, writeU32 } from '../integers.js';
import { isHostName } from './control-body.js';

/**
 * Why a server sends its clients away. A receiver treats a number that it does not know as
 * `closing`.
 */
export const GO_AWAY = {
  /** It ends. */
  closing: 0,
  /** It comes back at once, with the flows and ports of its clients. */
  restart: 1,
  /** It goes on, but the client's place is another server. */
  move: 2,
} as const;

/** The most servers that a go-away request names. */
export const MAX_GO_AWAY_SERVERS = 8;
/** The most bytes of the body of a go-away request. */
export const MAX_GO_AWAY_BYTES = 1000;

/** A server to which a client may go. */
export interface ServerAddress {
  /**
   * `HOST:PORT` in ASCII, as in an invitation: a name or an address (IPv6 in brackets), and a port
   * from 1; at most 255 characters.
   */
  readonly endpoint: string;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** A go-away request. */
export interface GoAway {
  /** After this time the sender closes the session, in milliseconds. */
  readonly graceMs: number;
  /**
   * One of {@link GO_AWAY}, or a number that this version does not know. Undefined, as it is in the
   * short body that every peer understands: closing.
   */
  readonly reason?: number | undefined;
  /**
   * Where to go, the best first; at most {@link MAX_GO_AWAY_SERVERS}. Sent only with a reason;
   * undefined in the short body.
   */
  readonly servers?: readonly ServerAddress[] | undefined;
}

const GRACE_BYTES = 4;
const OFFSET_SERVERS = GRACE_BYTES + 1;
const PUBLIC_KEY_BYTES = 32;
const MAX_TEXT_BYTES = 0xff;
const NAME_AND_PORT = /^(.*):([1-9][0-9]{0,4})$/;
const MAX_PORT = 65_535;

/**
 * Body of a go-away request: the short one if there is no reason, which is all that a peer without
 * the feature `goAwayServers` reads. A longer grace than 2^32 - 1 is written as that. Throws a
 * RangeError if servers come without a reason, are too many or too long together ({@link
 * MAX_GO_AWAY_BYTES}), or one is no server.
 */
export function encodeGoAway({ graceMs, reason, servers = [] }: GoAway): Uint8Array {
  if (reason === undefined && servers.length > 0) throw new RangeError('servers need a reason');
  if (servers.length > MAX_GO_AWAY_SERVERS) throw new RangeError('too many servers');
  const length = servers.reduce((sum, server) => sum + serverBytes(server), OFFSET_SERVERS);
  if (length > MAX_GO_AWAY_BYTES) throw new RangeError('the servers are too long together');
  const bytes = new Uint8Array(reason === undefined ? GRACE_BYTES : length);
  writeU32(bytes, 0, Math.min(graceMs, MAX_U32));
  if (reason !== undefined) bytes[GRACE_BYTES] = reason;
  let at = OFFSET_SERVERS;
  for (const { endpoint, publicKey } of servers) {
    bytes[at] = endpoint.length;
    bytes.set(new TextEncoder().encode(endpoint), at + 1);
    bytes.set(publicKey, at + 1 + endpoint.length);
    at += 1 + endpoint.length + PUBLIC_KEY_BYTES;
  }
  return bytes;
}

/**
 * Reads the body that fills `bytes`; public keys are copies. Returns the drop reason if it is
 * wrong: truncated, too-large (bytes or servers), bad-value (not `HOST:PORT`).
 */
export function decodeGoAway(bytes: Uint8Array): GoAway | DropReason {
  if (bytes.length < GRACE_BYTES) return 'truncated';
  if (bytes.length > MAX_GO_AWAY_BYTES) return 'too-large';
  const graceMs = readU32(bytes, 0);
  if (bytes.length === GRACE_BYTES) return { graceMs };
  const servers: ServerAddress[] = [];
  for (let at = OFFSET_SERVERS; at < bytes.length;) {
    const keyOffset = at + 1 + readU8(bytes, at);
    const next = keyOffset + PUBLIC_KEY_BYTES;
    if (next > bytes.length) return 'truncated';
    if (servers.length === MAX_GO_AWAY_SERVERS) return 'too-large';
    const endpoint = String.fromCharCode(...bytes.subarray(at + 1, keyOffset));
    if (!isServerEndpoint(endpoint)) return 'bad-value';
    // Not slice: that of a Buffer does not copy.
    servers.push({ endpoint, publicKey: new Uint8Array(bytes.subarray(keyOffset, next)) });
    at = next;
  }
  return { graceMs, reason: readU8(bytes, GRACE_BYTES), servers };
}

/** Throws a RangeError if it is no server. */
function serverBytes({ endpoint, publicKey }: ServerAddress): number {
  if (!isServerEndpoint(endpoint)) throw new RangeError('not HOST:PORT');
  if (publicKey.length !== PUBLIC_KEY_BYTES) throw new RangeError('not a public key');
  return 1 + endpoint.length + PUBLIC_KEY_BYTES;
}

function isServerEndpoint(text: string): boolean {
  if (text.length > MAX_TEXT_BYTES) return false;
  const endpoint = parseEndpoint(text);
  if (endpoint !== undefined) return endpoint.port > 0;
  const [, host = '', port = ''] = NAME_AND_PORT.exec(text) ?? [];
  return isHostName(host) && Number(port) <= MAX_PORT;
}
