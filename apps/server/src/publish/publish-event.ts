/** What becomes of published ports, for the log: plain data. */
import type { PublishedPorts, STATUS } from '@relay/packet';
import type { SocketErrorCode } from '@relay/socket';
import { formatPorts, type Publication } from './publication.js';

/** Why ports are not published. A code of a socket's error is what the system said. */
export type PublishReason =
  | 'fault'
  | 'draining'
  | 'not-allowed'
  | 'held-by-another-client'
  | 'used-by-another-mapping'
  | 'too-many-ports'
  | 'too-many-requests'
  | 'no-free-port'
  | SocketErrorCode;

/** Why published ports were closed, unless their client asked for that. */
export type CloseCause = 'revoked' | 'expired' | 'not-allowed' | 'not-asked-for' | 'replaced';

export interface PublishFacts {
  readonly client: string;
  /** As `formatPorts` writes them. */
  readonly ports: string;
  /** What the client calls the mapping, if it calls it anything. */
  readonly mapping?: string;
}

/**
 * - `published`: the ports are open, for the first time or again.
 * - `partly`: the ports are published, but this one is not open; it is tried again.
 * - `refused`: nothing was published. The holder is another client, whose name is not for this one.
 */
export type PublishEvent =
  | ({ readonly kind: 'published' | 'unpublished' } & PublishFacts)
  | ({ readonly kind: 'closed'; readonly cause: CloseCause } & PublishFacts)
  | ({ readonly kind: 'partly' | 'refused' } & PublishFacts & Refusal);

/** Why a port, or all ports, cannot be published. */
export interface Refusal {
  readonly port?: number;
  readonly reason: PublishReason;
  readonly holder?: string;
}

/** The outcome of a request to publish. */
export type PublishOutcome =
  | { readonly status: typeof STATUS.done; readonly ports: PublishedPorts }
  | ({ readonly status: Exclude<(typeof STATUS)[keyof typeof STATUS], typeof STATUS.done> } & Refusal);

/** The facts about a publication that events tell. */
export const factsOf = ({ client, ports, name }: Publication): PublishFacts => ({
  client,
  ports: formatPorts(ports),
  ...(name !== undefined && { mapping: name }),
});
