import type { Cipher, Primitives } from '../crypto/primitives.js';
import type { SplitKeys } from '../handshake/symmetric-state.js';
import { ReplayWindow, type ReplayRings } from './replay-window.js';

/**
 * The keys of one handshake, one per direction, with their counters. `T` is what they belong to.
 */
export class TransportKeys<T> {
  readonly owner: T;
  /** The index by which packets to us name these keys, and the one for packets to the peer. */
  readonly localIndex: number;
  readonly peerIndex: number;
  readonly createdMs: number;
  readonly sealing: Cipher;
  readonly opening: Cipher;
  readonly window: ReplayWindow;
  /** The counter of the next packet to seal: no counter is used twice. */
  nextCounter = 0;
  /** Packets opened. */
  received = 0;
  /** The peer's reset token for `peerIndex`, once it told. */
  resetToken: Uint8Array | undefined = undefined;

  constructor(
    primitives: Primitives,
    owner: T,
    role: 'initiator' | 'responder',
    keys: SplitKeys,
    localIndex: number,
    peerIndex: number,
    rings: ReplayRings,
    nowMs: number,
  ) {
    const { initiatorToResponder, responderToInitiator } = keys;
    this.owner = owner;
    this.localIndex = localIndex;
    this.peerIndex = peerIndex;
    this.createdMs = nowMs;
    this.window = new ReplayWindow(rings);
    this.sealing = primitives.cipher(role === 'initiator' ? initiatorToResponder : responderToInitiator);
    this.opening = primitives.cipher(role === 'initiator' ? responderToInitiator : initiatorToResponder);
    initiatorToResponder.fill(0);
    responderToInitiator.fill(0);
  }

  /** Forgets the keys; they must not be used after. */
  wipe(): void {
    this.window.release();
    this.sealing.wipe();
    this.opening.wipe();
  }
}
