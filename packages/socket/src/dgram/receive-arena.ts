import { PACKED_ENDPOINT_BYTES } from '@relay/packet';
import { HEADROOM_BYTES, MAX_DATAGRAM_BYTES, TAILROOM_BYTES, type ReceiveBatch } from '../udp-socket.js';

/** The one batch, of one datagram, that all dgram sockets of this thread deliver. */
class ReceiveArena implements ReceiveBatch {
  readonly count = 1;
  readonly bytes = new Uint8Array(HEADROOM_BYTES + MAX_DATAGRAM_BYTES + TAILROOM_BYTES);
  readonly offsets = Uint32Array.of(HEADROOM_BYTES);
  readonly lengths = new Uint32Array(1);
  readonly sources = new Uint8Array(PACKED_ENDPOINT_BYTES);
  readonly locals = new Uint8Array(PACKED_ENDPOINT_BYTES);
  readonly ecn = new Uint8Array(1);
  readonly timestampsMs = new Float64Array(1);

  fill(message: Uint8Array): void {
    this.bytes.set(message, HEADROOM_BYTES);
    this.offsets[0] = HEADROOM_BYTES;
    this.lengths[0] = message.length;
  }
}

export const receiveArena = new ReceiveArena();
