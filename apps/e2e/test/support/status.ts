/** What `status --json` of the programs prints. */
import type { ProgramStatus } from '@relay/program';

export type { ClientStatus } from '@relay/client';
export type { ServerStatus, SessionStatus } from '@relay/server';

export type Status = ProgramStatus;
export type Traffic = Status['forward']['toTarget'];
/** How many datagrams or packets were dropped, whatever the reason. */
export const dropped = ({ drops }: { drops: Traffic['drops'] }): number =>
  Object.values(drops).reduce<number>((sum, count) => sum + (count ?? 0), 0);
