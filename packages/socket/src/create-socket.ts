import { DgramSocket } from './dgram/dgram-socket.js';
import { SocketError } from './socket-error.js';
import { resolveOptions, type SocketOptions } from './socket-options.js';
import type { UdpSocket } from './udp-socket.js';

/**
 * Makes a socket in the state `created`; `open` binds it. Throws a SocketError: 'invalid-argument' for options that make no
 * sense, 'engine-unavailable' for `engine: 'native'` where the addon does not load.
 */
export function createSocket(options: SocketOptions = {}): UdpSocket {
  const resolved = resolveOptions(options);
  const engine = options.engine ?? 'auto';
  if (engine === 'native') throw new SocketError('engine-unavailable', 'create', { subject: 'native' });
  return new DgramSocket(resolved);
}
