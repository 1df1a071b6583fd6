import type { DropReason } from '@relay/packet';
import type { UdpSocket } from '@relay/socket';
import type { DirectionFigures } from './traffic-lines.js';

/** Packets between client and server, as one of them counts them. */
export interface PacketFigures {
  readonly in: number;
  readonly inBytes: number;
  readonly out: number;
  readonly outBytes: number;
  /** Not sent: the queue was full, or the kernel refused. */
  readonly unsent: number;
  /**
   * What the kernel dropped since its receive buffer was full; absent where the engine cannot know.
   */
  readonly kernelDrops: number | undefined;
  /** Refused, by reason. */
  readonly drops: Readonly<Partial<Record<DropReason, number>>>;
}

/** The figures of the socket that carries packets. */
export function packetFigures(socket: UdpSocket, drops: PacketFigures['drops']): PacketFigures {
  const { receivedDatagrams, receivedBytes, sentDatagrams, sentBytes, queueDrops, sendFailures, kernelDrops } =
    socket.statistics;
  return {
    in: receivedDatagrams,
    inBytes: receivedBytes,
    out: sentDatagrams,
    outBytes: sentBytes,
    unsent: queueDrops + sendFailures,
    kernelDrops,
    drops,
  };
}

/** Packets as rows of a table of traffic. */
export function packetDirections(packets: PacketFigures): Record<string, DirectionFigures> {
  return {
    'packets in': {
      inDatagrams: packets.in,
      inBytes: packets.inBytes,
      outDatagrams: packets.in,
      outBytes: packets.inBytes,
      drops: packets.drops,
    },
    'packets out': {
      inDatagrams: packets.out,
      inBytes: packets.outBytes,
      outDatagrams: packets.out,
      outBytes: packets.outBytes,
      drops: { unsent: packets.unsent },
    },
  };
}
