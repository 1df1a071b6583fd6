import { copyPackedEndpoint, PACKED_ENDPOINT_BYTES } from '@relay/packet';
import { UNVALIDATED_FACTOR } from './protocol.js';

/**
 * A new address of the peer while it has not answered a challenge (RFC 9000 §8.2, §9.3): what may be sent to it, and where
 * to return to if it never does.
 */
export class PathValidation {
  /** The last address that was proven, if there was one. */
  readonly fallback: Uint8Array | undefined;
  /** The challenge: 8 unpredictable bytes. */
  readonly token: Uint8Array;
  readonly startedMs: number;
  nextChallengeMs: number;
  #allowedBytes = 0;

  constructor(fallback: Uint8Array | undefined, token: Uint8Array, nowMs: number) {
    this.fallback = fallback && copyOf(fallback);
    this.token = token;
    this.startedMs = nowMs;
    this.nextChallengeMs = nowMs;
  }

  /** This many bytes came from the address, in an authenticated packet. */
  received(bytes: number): void {
    this.#allowedBytes += UNVALIDATED_FACTOR * bytes;
  }

  /** Whether this many bytes may go there now. */
  allows(bytes: number): boolean {
    return bytes <= this.#allowedBytes;
  }

  sent(bytes: number): void {
    this.#allowedBytes -= bytes;
  }
}

function copyOf(endpoint: Uint8Array): Uint8Array {
  const copy = new Uint8Array(PACKED_ENDPOINT_BYTES);
  copyPackedEndpoint(endpoint, 0, copy, 0);
  return copy;
}
