/**
 * Where a channel writes the packets that it sends of itself: straight into the buffer from which
 * they leave. `PacketBatch` of `@relay/relay` is one.
 */
export interface PacketOut {
  readonly bytes: Uint8Array;
  /**
   * The offset in `bytes` at which a packet of up to `length` bytes may be written now. The channel
   * asks anew for each packet, and may write nothing there after all. `length` is at most the
   * `maxPacketBytes` of the channel's parameters.
   */
  reserve(length: number): number;
  /**
   * The packet that lies at the offset reserved last is complete, with this length; it goes on the
   * packed path at `path[pathOffset]` (48 bytes), which is the channel's own: copy it.
   */
  add(length: number, path: Uint8Array, pathOffset: number): void;
}
