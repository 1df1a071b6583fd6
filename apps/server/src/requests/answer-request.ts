/** Answers the requests of clients, by kind. A new kind is a line here and a file beside. */
import { DROP, REQUEST, STATUS } from '@relay/packet';
import type { Machine } from '@relay/program';
import type { ClientRequest, Shard } from '@relay/relay';
import { statusOnly, type RequestHandler } from './request.js';
import { resolve } from './resolve.js';

const HANDLERS: ReadonlyMap<number, RequestHandler> = new Map([[REQUEST.resolve, resolve]]);

/** Answers a request. Rejects where a handler fails in a way that it does not know. */
export async function answerRequest(
  shard: Pick<Shard, 'answer'>,
  request: ClientRequest,
  machine: Pick<Machine, 'clock' | 'resolveName'>,
): Promise<void> {
  const handler = HANDLERS.get(request.request);
  const answer = handler === undefined ? statusOnly(STATUS.unsupported) : await handler(request.body, machine);
  const code = shard.answer(request, answer.status, answer.body, machine.clock());
  // The answer may be larger than the peer takes: the peer then hears that it failed.
  if (code !== DROP.tooLarge) return;
  const failed = statusOnly(STATUS.failed);
  shard.answer(request, failed.status, failed.body, machine.clock());
}
