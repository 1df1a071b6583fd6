import type { Machine } from '@relay/program';

/** An answer of the server; `status` is one of `STATUS` of @relay/packet. */
export interface Answer {
  readonly status: number;
  readonly body: Uint8Array;
}

/** Answers one kind of request, whose body may be anything. */
export type RequestHandler = (body: Uint8Array, machine: Pick<Machine, 'resolveName'>) => Promise<Answer>;

const NOTHING = new Uint8Array(0);

/** An answer that is only a status. */
export const statusOnly = (status: number): Answer => ({ status, body: NOTHING });
