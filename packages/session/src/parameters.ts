import { encodeParameters, SessionParameters } from '@relay/packet';
import { MAX_PACKET_BYTES } from './tuning.js';

/**
 * What one side tells the other of itself; the channel adds the version. See `SessionParameters` of
 * `@relay/packet`.
 */
export type ChannelParameters = Readonly<Partial<Omit<SessionParameters, 'version'>>>;

/**
 * The parameters to tell, with the largest packet filled in. Throws a RangeError if one is out of
 * its bounds: they are sent from within `receive`.
 */
export function parametersToTell(parameters: ChannelParameters): SessionParameters & { maxPacketBytes: number } {
  const maxPacketBytes = parameters.maxPacketBytes ?? MAX_PACKET_BYTES;
  const told = Object.assign(new SessionParameters(), parameters, { maxPacketBytes });
  encodeParameters(new Uint8Array(ROOM_BYTES), 0, told);
  return told;
}

/** More than all parameters take. */
const ROOM_BYTES = 128;
