import { PACKET } from '@relay/packet';
import type { Primitives, PrivateKey } from '../crypto/primitives.js';
import type { ChannelProtocol } from '../protocol.js';
import { cookieKey, Mac1 } from './macs.js';
import type { NoiseSuite } from './noise-ik.js';

/** Who this side is in its handshakes, and under which protocol. */
export interface Identity {
  readonly suite: NoiseSuite;
  readonly protocol: ChannelProtocol;
  readonly staticKey: PrivateKey;
}

/** What a client knows of its server beforehand. */
export interface ServerIdentity {
  readonly publicKey: Uint8Array;
  /** Of initiations to it. */
  readonly mac1: Mac1;
  /** What its cookies are sealed with. */
  readonly cookieKey: Uint8Array;
}

/**
 * Prepares a private key (32 bytes) for handshakes. Without a preshared key (32 bytes) zeros take
 * its place, as in WireGuard.
 */
export function identityOf(
  protocol: ChannelProtocol,
  primitives: Primitives,
  privateKey: Uint8Array,
  presharedKey: Uint8Array = new Uint8Array(32),
): Identity {
  const suite = {
    primitives,
    protocolName: protocol.construction,
    prologue: Buffer.from(protocol.identifier, 'ascii'),
    presharedKey: Uint8Array.from(presharedKey),
  };
  return { suite, protocol, staticKey: primitives.privateKey(privateKey) };
}

export function serverIdentityOf(protocol: ChannelProtocol, publicKey: Uint8Array): ServerIdentity {
  return {
    publicKey: Uint8Array.from(publicKey),
    mac1: new Mac1(protocol, publicKey, PACKET.initiation),
    cookieKey: cookieKey(protocol, publicKey),
  };
}
