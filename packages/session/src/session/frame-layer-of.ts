import type { ChannelProtocol } from '../protocol.js';
import type { FrameLayer } from './frame-layer.js';
import { opaqueBytes } from './opaque-bytes.js';
import { relayFrames } from './relay-frames.js';
import type { SessionParts } from './session-parts.js';

/** What the content of packets means in this protocol. */
export function frameLayerOf<S extends SessionParts>({ framed }: ChannelProtocol): FrameLayer<S> {
  return framed ? relayFrames : opaqueBytes;
}
