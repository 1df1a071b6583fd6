/**
 * The handshake patterns IK and IKpsk2 of the Noise framework (revision 34, §7.5 and §9), each
 * side's two steps:
 *
 *     <- s
 *     ...
 *     -> e, es, s, ss
 *     <- e, ee, se [, psk]
 *
 * With a preshared key the ephemeral keys are mixed into the chaining key too (§9.2). The steps
 * work on Noise's own messages; initiation.ts and response.ts put them into packets.
 */
import type { Primitives, PrivateKey } from '../crypto/primitives.js';
import { SymmetricState, type SplitKeys } from './symmetric-state.js';

/** What both sides must agree on. */
export interface NoiseSuite {
  readonly primitives: Primitives;
  /** For instance `Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s`. */
  readonly protocolName: string;
  readonly prologue: Uint8Array;
  /** 32 bytes for IKpsk2, undefined for IK. */
  readonly presharedKey: Uint8Array | undefined;
}

/** The first message: `-> e, es, s, ss` and its payload, encrypted. */
export interface FirstMessage {
  readonly ephemeral: Uint8Array;
  readonly sealedStatic: Uint8Array;
  readonly sealedPayload: Uint8Array;
}

/** The second message: `<- e, ee, se, psk` and its payload, encrypted. */
export interface SecondMessage {
  readonly ephemeral: Uint8Array;
  readonly sealedPayload: Uint8Array;
}

/** The initiator between its two steps. */
export interface InitiatorState {
  readonly message: FirstMessage;
  /**
   * Reads the answer: the payload and the keys, or undefined if it is not authentic. May be tried
   * again with another answer.
   */
  finish(answer: SecondMessage): { readonly payload: Uint8Array; readonly keys: SplitKeys } | undefined;
  wipe(): void;
}

/** Writes the first message. Undefined if the responder's key is a point of low order. */
export function initiate(
  suite: NoiseSuite,
  staticKey: PrivateKey,
  ephemeral: PrivateKey,
  responder: Uint8Array,
  payload: Uint8Array,
): InitiatorState | undefined {
  const state = begin(suite, responder);
  mixEphemeral(suite, state, ephemeral.publicKey);
  if (!mixAgreement(state, ephemeral, responder)) return undefined;
  const sealedStatic = state.encryptAndHash(staticKey.publicKey);
  if (!mixAgreement(state, staticKey, responder)) return undefined;
  const sealedPayload = state.encryptAndHash(payload);
  return {
    message: { ephemeral: ephemeral.publicKey, sealedStatic, sealedPayload },
    finish: (answer) => finish(suite, state.clone(), staticKey, ephemeral, answer),
    wipe: () => {
      state.wipe();
      ephemeral.wipe();
    },
  };
}

function finish(
  suite: NoiseSuite,
  state: SymmetricState,
  staticKey: PrivateKey,
  ephemeral: PrivateKey,
  answer: SecondMessage,
): { payload: Uint8Array; keys: SplitKeys } | undefined {
  mixEphemeral(suite, state, answer.ephemeral);
  if (!mixAgreement(state, ephemeral, answer.ephemeral)) return undefined;
  if (!mixAgreement(state, staticKey, answer.ephemeral)) return undefined;
  if (suite.presharedKey !== undefined) state.mixKeyAndHash(suite.presharedKey);
  const payload = state.decryptAndHash(answer.sealedPayload);
  return payload === undefined ? undefined : { payload, keys: state.split() };
}

/** The responder after the first message, which it has authenticated: who speaks, and what. */
export interface ResponderState {
  readonly initiator: Uint8Array;
  readonly payload: Uint8Array;
  /**
   * Writes the answer. Undefined if one of the initiator's keys is a point of low order. Once only.
   */
  respond(
    ephemeral: PrivateKey,
    payload: Uint8Array,
  ): { readonly message: SecondMessage; readonly keys: SplitKeys } | undefined;
}

/**
 * Why a first message is refused: it is not authentic, or the static key in it is not `isKnown`.
 */
export type FirstMessageRefusal = 'authentication-failed' | 'unknown-client';

/**
 * Reads the first message. The initiator's static key is given to `isKnown` before anything more is
 * computed for it. It is not yet authentic then: only the payload's tag proves that the sender
 * holds its private key.
 */
export function readFirstMessage(
  suite: NoiseSuite,
  staticKey: PrivateKey,
  message: FirstMessage,
  isKnown: (initiator: Uint8Array) => boolean,
): ResponderState | FirstMessageRefusal {
  const state = begin(suite, staticKey.publicKey);
  mixEphemeral(suite, state, message.ephemeral);
  if (!mixAgreement(state, staticKey, message.ephemeral)) return 'authentication-failed';
  const initiator = state.decryptAndHash(message.sealedStatic);
  if (initiator === undefined) return 'authentication-failed';
  if (!isKnown(initiator)) return 'unknown-client';
  if (!mixAgreement(state, staticKey, initiator)) return 'authentication-failed';
  const payload = state.decryptAndHash(message.sealedPayload);
  if (payload === undefined) return 'authentication-failed';
  return {
    initiator,
    payload,
    respond: (ephemeral, answer) =>
      respond(suite, state, ephemeral, { staticKey: initiator, ephemeral: message.ephemeral }, answer),
  };
}

function respond(
  suite: NoiseSuite,
  state: SymmetricState,
  ephemeral: PrivateKey,
  peer: { readonly staticKey: Uint8Array; readonly ephemeral: Uint8Array },
  payload: Uint8Array,
): { message: SecondMessage; keys: SplitKeys } | undefined {
  mixEphemeral(suite, state, ephemeral.publicKey);
  if (!mixAgreement(state, ephemeral, peer.ephemeral)) return undefined;
  if (!mixAgreement(state, ephemeral, peer.staticKey)) return undefined;
  if (suite.presharedKey !== undefined) state.mixKeyAndHash(suite.presharedKey);
  const message = { ephemeral: ephemeral.publicKey, sealedPayload: state.encryptAndHash(payload) };
  return { message, keys: state.split() };
}

/** Both sides begin with the responder's static key, which the initiator knows beforehand. */
function begin(suite: NoiseSuite, responder: Uint8Array): SymmetricState {
  const state = new SymmetricState(suite.primitives, suite.protocolName, suite.prologue);
  state.mixHash(responder);
  return state;
}

function mixEphemeral(suite: NoiseSuite, state: SymmetricState, publicKey: Uint8Array): void {
  state.mixHash(publicKey);
  if (suite.presharedKey !== undefined) state.mixKey(publicKey);
}

function mixAgreement(state: SymmetricState, privateKey: PrivateKey, publicKey: Uint8Array): boolean {
  const secret = privateKey.agree(publicKey);
  if (secret === undefined) return false;
  state.mixKey(secret);
  secret.fill(0);
  return true;
}
