import { isUnspecifiedAddress, type Endpoint } from '@relay/packet';
import type { UdpSocket } from '@relay/socket';
import { listenFailure } from './listen-failure.js';
import type { Machine } from './machine.js';
import type { Pace } from './pace.js';

/** How many ports are opened at the same time, before everything else may have its turn. */
const AT_ONCE = 8;

/**
 * Opens a socket on each of these endpoints, some at the same time. It opens all of them or none. A
 * socket that listens on all addresses of this host reports the local address of each datagram.
 * Answers to applications may be cut on their way, as what flows send to targets.
 * Rejects with a ListenFailure about the first endpoint that cannot be opened.
 */
export async function openPorts(
  endpoints: readonly Endpoint[],
  openSocket: Machine['openSocket'],
  pace: Pick<Pace, 'turn'>,
): Promise<UdpSocket[]> {
  const sockets: UdpSocket[] = [];
  try {
    for (let first = 0; first < endpoints.length; first += AT_ONCE) {
      await pace.turn();
      const opened = await Promise.allSettled(
        endpoints.slice(first, first + AT_ONCE).map((endpoint) => openPort(endpoint, openSocket)),
      );
      for (const result of opened) if (result.status === 'fulfilled') sockets.push(result.value);
      for (const result of opened) if (result.status === 'rejected') throw result.reason;
    }
    return sockets;
  } catch (error) {
    await closePorts(sockets, pace);
    throw error;
  }
}

/** Closes sockets as {@link openPorts} opens them. */
export async function closePorts(sockets: readonly UdpSocket[], pace: Pick<Pace, 'turn'>): Promise<void> {
  for (let first = 0; first < sockets.length; first += AT_ONCE) {
    await pace.turn();
    await Promise.all(sockets.slice(first, first + AT_ONCE).map((socket) => socket.close()));
  }
}

async function openPort(endpoint: Endpoint, openSocket: Machine['openSocket']): Promise<UdpSocket> {
  try {
    const receiveLocals = isUnspecifiedAddress(endpoint.address);
    const socket = openSocket({ local: endpoint, receiveLocals, pathMtuDiscovery: false });
    await socket.open();
    return socket;
  } catch (error) {
    throw listenFailure(endpoint, error);
  }
}
