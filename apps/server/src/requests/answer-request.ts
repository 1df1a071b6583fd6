/** Answers the requests of clients, by kind. A new kind is a line here and a file beside. */
import { DROP, REQUEST, STATUS } from '@relay/packet';
import type { Machine } from '@relay/program';
import type { ClientRequest } from '@relay/relay';
import { publish } from './publish.js';
import { statusOnly, type RequestHandler, type RequestSurroundings } from './request.js';
import { resolve } from './resolve.js';
import { unpublish } from './unpublish.js';

const HANDLERS: ReadonlyMap<number, RequestHandler> = new Map([
  [REQUEST.publish, publish],
  [REQUEST.unpublish, unpublish],
  [REQUEST.resolve, resolve],
]);

/** Answers a request. Rejects where a handler fails in a way that it does not know. */
export async function answerRequest(
  request: ClientRequest,
  surroundings: RequestSurroundings & { readonly machine: Pick<Machine, 'clock'> },
): Promise<void> {
  const handler = HANDLERS.get(request.request);
  const answer = handler === undefined ? statusOnly(STATUS.unsupported) : await handler(request, surroundings);
  const { machine, shard } = surroundings;
  const { clock } = machine;
  const code = shard.answer(request, answer.status, answer.body, clock());
  // The answer may be larger than the peer takes: the peer then hears that it failed.
  if (code !== DROP.tooLarge) return;
  const failed = statusOnly(STATUS.failed);
  shard.answer(request, failed.status, failed.body, clock());
}
