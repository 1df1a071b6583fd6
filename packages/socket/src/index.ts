export type { DatagramBatch, SendBatch } from '@relay/packet';
export { afterReceiving } from './after-receiving.js';
export { countKernelDrops } from './count-kernel-drops.js';
export { createSocket, isNativeAvailable } from './create-socket.js';
export {
  SOCKET_ERROR_CODES,
  SocketError,
  type SocketErrorCode,
  type SocketErrorDetails,
  type SocketOperation,
} from './socket-error.js';
export { routeTo, type Route } from './route.js';
export { SEND_QUEUE_BYTES, type SocketOptions, type Steering } from './socket-options.js';
export type { SocketStatistics } from './statistics.js';
export {
  HEADROOM_BYTES,
  MAX_DATAGRAM_BYTES,
  TAILROOM_BYTES,
  type Engine,
  type ReceiveBatch,
  type ReceivedDatagram,
  type SocketState,
  type UdpSocket,
} from './udp-socket.js';
export { withKnownZone, withNumericZone } from './zone.js';
