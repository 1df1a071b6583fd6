import type { Cipher, Primitives } from '../crypto/primitives.js';
import type { SplitKeys } from '../handshake/symmetric-state.js';
import { ReplayWindow, type ReplayRings } from './replay-window.js';

/** What all keys of one channel are made with. */
export interface KeyMaking {
  readonly role: 'client' | 'server';
  readonly primitives: Primitives;
  readonly rings: ReplayRings;
}

/** What a handshake agrees on. */
export interface Agreement {
  readonly keys: SplitKeys;
  /** The index by which packets to us name these keys, and the one for packets to the peer. */
  readonly localIndex: number;
  readonly peerIndex: number;
}

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

  /** The keys of the agreement are wiped: they live on in here alone. */
  constructor(making: KeyMaking, owner: T, agreement: Agreement, nowMs: number) {
    const { primitives } = making;
    const { initiatorToResponder, responderToInitiator } = agreement.keys;
    const isInitiator = making.role === 'client';
    this.owner = owner;
    this.localIndex = agreement.localIndex;
    this.peerIndex = agreement.peerIndex;
    this.createdMs = nowMs;
    this.window = new ReplayWindow(making.rings);
    this.sealing = primitives.cipher(isInitiator ? initiatorToResponder : responderToInitiator);
    this.opening = primitives.cipher(isInitiator ? responderToInitiator : initiatorToResponder);
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
