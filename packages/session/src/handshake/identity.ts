import type { Mac } from '../crypto/blake2s.js';
import type { Primitives, PrivateKey } from '../crypto/primitives.js';
import type { ChannelProtocol } from '../protocol.js';
import { cookieKey, mac1For } from './macs.js';
import type { NoiseSuite } from './noise-ik.js';

/** Who this side is in its handshakes, and under which protocol. */
export interface Identity {
  readonly suite: NoiseSuite;
  readonly protocol: ChannelProtocol;
  readonly staticKey: PrivateKey;
  /** The mac1 of messages to us. */
  readonly mac1: Mac;
  /** The key of our cookies' seal. */
  readonly cookieKey: Uint8Array;
}

/** Who the other side is, before it has said a word. */
export interface PeerIdentity {
  readonly publicKey: Uint8Array;
  readonly mac1: Mac;
  readonly cookieKey: Uint8Array;
}

/** Prepares a private key (32 bytes) for handshakes. Without a preshared key (32 bytes) zeros take its place, as in WireGuard. */
export function identityOf(
  protocol: ChannelProtocol,
  primitives: Primitives,
  privateKey: Uint8Array,
  presharedKey: Uint8Array = new Uint8Array(32),
): Identity {
  const staticKey = primitives.privateKey(privateKey);
  const suite = {
    primitives,
    protocolName: protocol.construction,
    prologue: Buffer.from(protocol.identifier, 'ascii'),
    presharedKey: Uint8Array.from(presharedKey),
  };
  return { suite, protocol, staticKey, ...keysOf(protocol, staticKey.publicKey) };
}

export function peerIdentityOf(protocol: ChannelProtocol, publicKey: Uint8Array): PeerIdentity {
  return { publicKey: Uint8Array.from(publicKey), ...keysOf(protocol, publicKey) };
}

function keysOf(protocol: ChannelProtocol, publicKey: Uint8Array): { mac1: Mac; cookieKey: Uint8Array } {
  return { mac1: mac1For(protocol, publicKey), cookieKey: cookieKey(protocol, publicKey) };
}
