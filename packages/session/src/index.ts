export { ClientChannel } from './client/client-channel.js';
export { type ClientChannelOptions } from './client/options.js';
export { ServerChannel } from './server/server-channel.js';
export { type ServerChannelOptions, type ServerLimits } from './server/options.js';
export { type Load } from './server/load.js';
export { type Session, type SessionStatistics } from './session.js';
export { type ClientDirectory, type ClientEntry, type ClientLimits } from './server/directory.js';
export { type DisconnectReason, type SessionEvent } from './events.js';
export { type PacketOut } from './packet-out.js';
export { type ReceivedFrame } from './received-frame.js';
export { OFFSET_PATH_LOCAL, PACKED_PATH_BYTES, packPath } from './packed-path.js';
export { type ChannelParameters } from './parameters.js';
export { RELAY_PROTOCOL, WIREGUARD_PROTOCOL, type ChannelProtocol } from './protocol.js';
export { type Cipher, type Primitives, type PrivateKey } from './crypto/primitives.js';
export { defaultPrimitives, loadPrimitives } from './crypto/default-primitives.js';
export { loadNative } from './crypto/native.js';
export { nodePrimitives } from './crypto/node.js';
export { loadSodiumAndWasm } from './crypto/sodium-and-wasm.js';
export { loadSodium } from './crypto/sodium.js';
export { loadWasm } from './crypto/wasm.js';
export { TokenBucket } from './token-bucket.js';
export { formatInvitation, parseInvitation, type Invitation } from './keys/invitation.js';
export {
  formatKey,
  generateKeyPair,
  KEY_BYTES,
  keyPairOf,
  nameOf,
  parseKey,
  systemRandom,
  type KeyPair,
  type RandomSource,
} from './keys/key-pair.js';
