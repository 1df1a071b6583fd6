import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import {
  encodePing,
  encodeTransportHeader,
  INITIATION_BYTES,
  NOTICE,
  NOTICE_BYTES,
  NOTICE_OFFSET,
  RESPONSE_BYTES,
} from '@relay/packet';
import { openXaead, sealXaead } from '../../src/crypto/xaead.js';
import { CookieBaker } from '../../src/handshake/cookie.js';
import { identityOf, serverIdentityOf, type Identity } from '../../src/handshake/identity.js';
import { readInitiation, writeInitiation } from '../../src/handshake/initiation.js';
import { NO_CAUSE, noticeKey, writeNotice, type NoticeCause } from '../../src/handshake/notice.js';
import { readResponse, writeResponse } from '../../src/handshake/response.js';
import { timestampOf } from '../../src/handshake/timestamp.js';
import { RELAY_PROTOCOL, type Primitives } from '../../src/index.js';
import { ENGINES } from '../engines.js';
import { hex, unhex } from '../hex.js';
import { packed } from '../two-ends.js';

type Transcript = Record<
  | 'identifier'
  | 'clientPrivateKey'
  | 'serverPrivateKey'
  | 'clientEphemeralPrivateKey'
  | 'serverEphemeralPrivateKey'
  | 'cookieSecret'
  | 'cookieNonce'
  | 'noticeNonce'
  | 'initiation'
  | 'sealedCookie'
  | 'initiationWithCookie'
  | 'response'
  | 'clientPing'
  | 'wakeNotice'
  | 'staleNotice'
  | 'aheadNotice'
  | 'noSessionNotice',
  string
>;

const file = new URL('../../vectors/transcript.json', import.meta.url);
const vector = JSON.parse(readFileSync(file, 'utf8')) as Transcript;

const CLIENT_INDEX = 0x1122_3302;
const SERVER_INDEX = 0x5566_7788;
const TIMESTAMP = timestampOf(1_790_000_000_123);

/** The notices of the server to the client, as both sides agree on their key. */
function notices({ staticKey: client }: Identity, { staticKey: server, protocol }: Identity, cause: NoticeCause) {
  const secrets = [client.agree(server.publicKey), server.agree(client.publicKey)];
  const keys = secrets.map((secret = new Uint8Array()) =>
    noticeKey(protocol, server.publicKey, client.publicKey, secret),
  );
  const [key = new Uint8Array()] = keys;
  expect(keys[1]).toEqual(key);
  const notice = (kind: number, timestamp: bigint, of = cause): string => {
    const packet = new Uint8Array(NOTICE_BYTES);
    packet.set(unhex(vector.noticeNonce), NOTICE_OFFSET.nonce);
    writeNotice(packet, Uint8Array.from(key), of, { kind, timestamp });
    return hex(packet);
  };
  return {
    wakeNotice: notice(NOTICE.wake, timestampOf(1_790_000_002_123), NO_CAUSE),
    staleNotice: notice(NOTICE.stale, timestampOf(1_790_000_001_123)),
    aheadNotice: notice(NOTICE.ahead, timestampOf(1_789_900_000_123)),
    noSessionNotice: notice(NOTICE.noSession, 0n),
  };
}

/** The whole handshake, both sides, from the private values of the vector. */
function transcript(primitives: Primitives): Partial<Transcript> {
  const client = identityOf(RELAY_PROTOCOL, primitives, unhex(vector.clientPrivateKey));
  const server = identityOf(RELAY_PROTOCOL, primitives, unhex(vector.serverPrivateKey));
  const serverAsPeer = serverIdentityOf(RELAY_PROTOCOL, server.staticKey.publicKey);
  const [first, second] = [new Uint8Array(INITIATION_BYTES), new Uint8Array(INITIATION_BYTES)];
  const choices = (cookie?: Uint8Array) => ({
    ephemeral: primitives.privateKey(unhex(vector.clientEphemeralPrivateKey)),
    senderIndex: CLIENT_INDEX,
    timestamp: TIMESTAMP,
    cookie,
  });
  const initiation = writeInitiation(client, serverAsPeer, choices(), first);
  const baker = new CookieBaker((bytes) => bytes.set(unhex(vector.cookieSecret)));
  const cookie = baker.cookieOf(packed('198.51.100.7', 40_000), 0, 0);
  const sealedCookie = sealXaead(serverAsPeer.cookieKey, unhex(vector.cookieNonce), cookie, initiation.mac1);
  expect(openXaead(serverAsPeer.cookieKey, unhex(vector.cookieNonce), sealedCookie, initiation.mac1)).toEqual(cookie);
  writeInitiation(client, serverAsPeer, choices(cookie), second);

  const read = readInitiation(server, first, 0, (key) => hex(key) === hex(client.staticKey.publicKey));
  if (typeof read === 'string') throw new Error(read);
  expect(read.timestamp).toBe(TIMESTAMP);
  const serverEphemeral = primitives.privateKey(unhex(vector.serverEphemeralPrivateKey));
  const response = new Uint8Array(RESPONSE_BYTES);
  const indices = { localIndex: SERVER_INDEX, peerIndex: CLIENT_INDEX };
  const responderKeys = writeResponse(server, read.noise, serverEphemeral, indices, response);
  if (responderKeys === undefined) throw new Error('refused');
  const keys = readResponse(initiation.noise, response, 0);
  expect(keys).toEqual(responderKeys);

  const ping = new Uint8Array(16 + 19 + 16);
  encodeTransportHeader(ping, 0, SERVER_INDEX, 0);
  encodePing(ping, 16, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), 0, 1_000_000);
  primitives.cipher(responderKeys.initiatorToResponder).seal(ping, 16, 19, 0);

  return {
    initiation: hex(first),
    sealedCookie: hex(sealedCookie),
    initiationWithCookie: hex(second),
    response: hex(response),
    clientPing: hex(ping),
    ...notices(client, server, initiation),
  };
}

test.each(ENGINES)('the transcript of a handshake is that of the vector, on %s', (_name, primitives) => {
  expect(vector.identifier).toBe(RELAY_PROTOCOL.identifier);
  expect(vector).toMatchObject(transcript(primitives));
});
