import { DgramSocket } from './dgram/dgram-socket.js';
import { nativeLoop } from './native/native-loop.js';
import { NativeSocket } from './native/native-socket.js';
import { SocketError } from './socket-error.js';
import { resolveOptions, type SocketOptions } from './socket-options.js';
import type { UdpSocket } from './udp-socket.js';

let hasWarned = false;

/**
 * Makes a socket in the state `created`; `open` binds it. Throws a SocketError: 'invalid-argument'
 * if the options make no sense, 'engine-unavailable' for `engine: 'native'` if the addon does not
 * load. With `auto`, the socket then uses dgram, and one process warning says so.
 */
export function createSocket(options: SocketOptions = {}): UdpSocket {
  const resolved = resolveOptions(options);
  if (options.engine === 'dgram') return new DgramSocket(resolved);
  const loop = nativeLoop();
  if (!(loop instanceof SocketError)) return new NativeSocket(resolved, loop);
  if (options.engine === 'native') throw loop;
  if (!hasWarned) {
    hasWarned = true;
    process.emitWarning(`${loop.message}; going on with dgram`, { code: 'RELAY_SOCKET_FALLBACK' });
  }
  return new DgramSocket(resolved);
}

/** Returns true if `engine: 'native'` works here. Loads the addon. */
export function isNativeAvailable(): boolean {
  return !(nativeLoop() instanceof SocketError);
}
