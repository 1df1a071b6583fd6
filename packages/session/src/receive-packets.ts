import { copyPackedEndpoint, PACKED_ENDPOINT_BYTES, type DatagramBatch, type DropCounters } from '@relay/packet';
import type { ClientChannel } from './client/client-channel.js';
import { OFFSET_PATH_LOCAL, PACKED_PATH_BYTES } from './packed-path.js';
import type { ServerChannel } from './server/server-channel.js';

const path = new Uint8Array(PACKED_PATH_BYTES);

/**
 * Gives a channel the packets that a socket has received together. What it refuses is counted in `drops`.
 */
export function receivePackets(
  channel: ClientChannel | ServerChannel,
  { count, bytes, offsets, lengths, sources, locals }: DatagramBatch,
  drops: DropCounters,
  nowMs: number,
): void {
  for (let i = 0; i < count; i++) {
    const at = i * PACKED_ENDPOINT_BYTES;
    copyPackedEndpoint(sources, at, path, 0);
    copyPackedEndpoint(locals, at, path, OFFSET_PATH_LOCAL);
    const code = channel.receive(bytes, offsets[i] ?? 0, lengths[i] ?? 0, path, 0, nowMs);
    if (code < 0) drops.count(code);
  }
}
