import type { UdpSocket } from '@relay/socket';

/** The part of a socket that an upstream needs. */
export type TargetSocket = Pick<
  UdpSocket,
  'close' | 'engine' | 'local' | 'onError' | 'onKernelDrops' | 'onReceive' | 'open' | 'sendBatch' | 'state'
>;
