import { createSocket, isNativeAvailable, type SocketOptions, type UdpSocket } from '../src/index.js';
import { MemoryNetwork } from '../src/testing/index.js';

/** An engine under test, on its own host. */
export interface EngineUnderTest {
  readonly engine: 'dgram' | 'native' | 'memory';
  readonly create: (options?: SocketOptions) => UdpSocket;
}

/** The kernel takes datagrams to this address and then refuses them (EACCES). */
export const BROADCAST_ADDRESS = '127.255.255.255';

const memoryHost = new MemoryNetwork({ drive: 'auto' }).host(['192.0.2.1', '2001:db8::1']);
memoryHost.refusalOf = ({ address }) => (address === BROADCAST_ADDRESS ? 'EACCES' : undefined);

/**
 * Every engine that works here. With `RELAY_SOCKET_ENGINE=dgram`, and in an installation without
 * the addon, native is not among them.
 */
export const engines: readonly EngineUnderTest[] = [
  { engine: 'dgram', create: (options) => createSocket({ ...options, engine: 'dgram' }) },
  ...(process.env['RELAY_SOCKET_ENGINE'] !== 'dgram' && isNativeAvailable() ? [native()] : []),
  { engine: 'memory', create: (options) => memoryHost.createSocket(options) },
];

/** The engines that talk to the kernel. */
export const kernelEngines = engines.filter(({ engine }) => engine !== 'memory');

function native(): EngineUnderTest {
  return { engine: 'native', create: (options) => createSocket({ ...options, engine: 'native' }) };
}
