import type { ClientRequest, Shard } from '@relay/relay';
import type { Publications } from '../publish/publications.js';
import type { ClientNames } from './client-names.js';

/** An answer of the server; `status` is one of `STATUS` of @relay/packet. */
export interface Answer {
  readonly status: number;
  readonly body: Uint8Array;
}

/** What requests are answered with. */
export interface RequestSurroundings {
  readonly shard: Pick<Shard, 'answer' | 'reachable'>;
  readonly names: Pick<ClientNames, 'ask'>;
  readonly publications: Pick<Publications, 'publish' | 'unpublish'>;
}

/** Answers one kind of request, whose body may be anything. */
export type RequestHandler = (request: ClientRequest, surroundings: RequestSurroundings) => Promise<Answer>;

const NOTHING = new Uint8Array(0);

/** An answer that is only a status. */
export const statusOnly = (status: number): Answer => ({ status, body: NOTHING });
