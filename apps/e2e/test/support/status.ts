/** What `status --json` of the programs prints, as far as the tests look at it. */
import type { DropReason } from '@relay/packet';

export type Drops = Readonly<Partial<Record<DropReason, number>>>;

export interface Traffic {
  readonly inDatagrams: number;
  readonly inBytes: number;
  readonly outDatagrams: number;
  readonly outBytes: number;
  readonly drops: Drops;
}

export interface Status {
  readonly pid: number;
  readonly engine: string;
  readonly flows: number;
  readonly forward: { readonly toTarget: Traffic; readonly fromTarget: Traffic };
  readonly packets: {
    readonly in: number;
    readonly inBytes: number;
    readonly out: number;
    readonly outBytes: number;
    readonly unsent: number;
    readonly drops: Drops;
  };
  readonly health: { readonly memoryBytes: number };
}

export interface ServerStatus extends Status {
  readonly maxFlows: number;
  readonly listen: string;
  readonly sessions: number;
}

export interface ClientStatus extends Status {
  readonly server: string;
  readonly state: 'connecting' | 'connected' | 'path-lost' | 'closed';
  readonly forwards: readonly { readonly mapping: string; readonly flows: number; readonly isResolved: boolean }[];
}

export interface SessionStatus {
  readonly id: number;
  readonly client: string;
  readonly endpoint: string;
  readonly flows: number;
}

/** How many datagrams of both directions were dropped, whatever the reason. */
export const dropped = ({ drops }: { drops: Drops }): number =>
  Object.values(drops).reduce((sum, count) => sum + count, 0);
