import { DgramSocket } from './dgram/dgram-socket.js';
import { nativeLoop } from './native/native-loop.js';
import { NativeSocket } from './native/native-socket.js';
import { SocketError } from './socket-error.js';
import { resolveOptions, type SocketOptions } from './socket-options.js';
import type { UdpSocket } from './udp-socket.js';

let hasWarned = false;

/**
 * Makes a socket in the state `created`; `open` binds it. Throws a SocketError: 'invalid-argument'
 * for options that make no sense, 'engine-unavailable' for `engine: 'native'` where the addon does
 * not load. `auto` then goes on with dgram, and says so once in a process warning.
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

/** Whether `engine: 'native'` works here. Loads the addon. */
export function isNativeAvailable(): boolean {
  return !(nativeLoop() instanceof SocketError);
}
