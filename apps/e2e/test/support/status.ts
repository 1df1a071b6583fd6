/** The output of `status --json` of the programs. */
import type { ProgramStatus } from '@relay/program';

export type { ClientStatus } from '@relay/client';
export type { ServerStatus, SessionStatus } from '@relay/server';

export type Status = ProgramStatus;
export type Traffic = Status['forward']['toTarget'];
/** Returns how many datagrams or packets were dropped, for all reasons. */
export const dropped = ({ drops }: { drops: Traffic['drops'] }): number =>
  Object.values(drops).reduce<number>((sum, count) => sum + (count ?? 0), 0);
