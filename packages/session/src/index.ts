export { ClientChannel, type ClientChannelOptions } from './client-channel.js';
export { ServerChannel, type ServerChannelOptions, type ServerLimits } from './server-channel.js';
export { type Session, type SessionStatistics } from './session.js';
export { type ClientDirectory, type ClientEntry, type ClientLimits } from './directory.js';
export { type DisconnectReason, type EventSink, type SessionEvent } from './events.js';
export { type FrameSink, type PacketSink } from './sinks.js';
export { type PeerParameters } from './parameters.js';
export { formatInvitation, parseInvitation, type Invitation } from './keys/invitation.js';
export {
  formatKey,
  generateKeyPair,
  KEY_BYTES,
  keyPairOf,
  parseKey,
  systemRandom,
  type KeyPair,
  type RandomSource,
} from './keys/key-pair.js';
