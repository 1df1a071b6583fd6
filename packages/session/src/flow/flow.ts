import { FLOW_OPENED_BY_SERVER } from '@relay/packet';

/** Which side of the session this is; the lowest bit of a flow id says which side opened the flow. */
export type Side = 'client' | 'server';

/** The lowest bit of the ids of flows that this side opens. */
export const idBitOf = (side: Side): number => (side === 'server' ? FLOW_OPENED_BY_SERVER : 0);
