/** What `status --json` of the programs prints. */
import type { DropReason } from '@relay/packet';
import type { ProgramStatus } from '@relay/program';

export type { ClientStatus } from '@relay/client';
export type { ServerStatus, SessionStatus } from '@relay/server';

export type Status = ProgramStatus;
export type Traffic = Status['forward']['toTarget'];
type Drops = Readonly<Partial<Record<DropReason, number>>>;

/** How many datagrams or packets were dropped, whatever the reason. */
export const dropped = ({ drops }: { drops: Traffic['drops'] }): number =>
  Object.values(drops).reduce<number>((sum, count) => sum + (count ?? 0), 0);
