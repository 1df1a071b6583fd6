import type { DropReason } from '@relay/packet';
import type { SocketStatistics } from '@relay/socket';
import type { DirectionFigures } from './traffic-lines.js';

/** The packets between client and server, as this program counts them. */
export interface PacketFigures {
  readonly in: number;
  readonly inBytes: number;
  readonly out: number;
  readonly outBytes: number;
  /** Packets that were not sent: the queue was full, or the kernel refused them. */
  readonly unsent: number;
  /**
   * Packets that the kernel dropped because its receive buffer was full: at least so many. Null: it
   * is not known what the kernel drops, at any socket of this program.
   */
  readonly kernelDrops: number | null;
  /** Packets that this program dropped, by reason. */
  readonly drops: Readonly<Partial<Record<DropReason, number>>>;
}

/** The counters of sockets that packet figures are made of. */
export type CountedPackets = Pick<
  SocketStatistics,
  'receivedDatagrams' | 'receivedBytes' | 'sentDatagrams' | 'sentBytes' | 'queueDrops' | 'sendFailures' | 'kernelDrops'
>;

/** Returns the figures of the socket that carries packets. */
export function packetFigures(
  socket: { readonly statistics: CountedPackets },
  drops: PacketFigures['drops'],
): PacketFigures {
  const { receivedDatagrams, receivedBytes, sentDatagrams, sentBytes, queueDrops, sendFailures, kernelDrops } =
    socket.statistics;
  return {
    in: receivedDatagrams,
    inBytes: receivedBytes,
    out: sentDatagrams,
    outBytes: sentBytes,
    unsent: queueDrops + sendFailures,
    kernelDrops: kernelDrops ?? null,
    drops,
  };
}

/** Returns a line that says that the drops of the kernel are not known, where that is so. */
export const unknownDrops = ({ kernelDrops }: PacketFigures): string[] =>
  kernelDrops === null ? ['what the kernel drops is not known with this engine on this system'] : [];

/** Returns the packet figures as rows of a traffic table. */
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
