/** The output of `status --json` of the programs. */
import type { ProgramStatus } from '@relay/program';

export type { ClientStatus } from '@relay/client';
export type { ServerStatus, SessionStatus } from '@relay/server';

export type Status = ProgramStatus;
/** The mode of a datagram. */
export type Mode = 'forward' | 'publish';
/** The datagrams that a program of this or the former release has carried. */
export type CarryingStatus = Pick<Status, 'forward'> & { readonly publish?: Status['forward'] };
export type Traffic = Status['forward']['toTarget'];
/** Returns how many datagrams or packets were dropped, for all reasons. */
export const dropped = ({ drops }: { drops: Traffic['drops'] }): number =>
  Object.values(drops).reduce<number>((sum, count) => sum + (count ?? 0), 0);
