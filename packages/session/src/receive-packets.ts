import { PACKED_ENDPOINT_BYTES, type DropCounters } from '@relay/packet';
import type { ClientChannel } from './client/client-channel.js';
import type { ServerChannel } from './server/server-channel.js';

/** Received packets: number `i` is `bytes[offsets[i] .. offsets[i] + lengths[i]]`, from the packed endpoint number `i` in `sources`. */
export interface ReceivedPackets {
  readonly count: number;
  readonly bytes: Uint8Array;
  readonly offsets: Uint32Array;
  readonly lengths: Uint32Array;
  readonly sources: Uint8Array;
}

/** Gives a channel the packets that a socket has received together (a `ReceiveBatch` of `@relay/socket`). What it refuses is counted in `drops`. */
export function receivePackets(
  channel: ClientChannel | ServerChannel,
  { count, bytes, offsets, lengths, sources }: ReceivedPackets,
  drops: DropCounters,
  nowMs: number,
): void {
  for (let i = 0; i < count; i++) {
    const source = i * PACKED_ENDPOINT_BYTES;
    const code = channel.receive(bytes, offsets[i] ?? 0, lengths[i] ?? 0, sources, source, nowMs);
    if (code < 0) drops.count(code);
  }
}
