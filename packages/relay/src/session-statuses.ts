import { formatEndpoint, unpackEndpoint } from '@relay/packet';
import type { Session } from '@relay/session';
import type { SessionStatus } from './shard-data.js';

/** What a shard says of a session whose client has this name and so many flows. */
export function sessionStatus(session: Session, client: string, flows: number, nowMs: number): SessionStatus {
  return {
    ...{ id: session.id, client, flows },
    endpoint: formatEndpoint(unpackEndpoint(session.endpoint, 0)),
    connectedMs: Math.round(nowMs - session.connectedMs),
    statistics: session.statistics,
  };
}
