import { connect } from 'node:net';
import { createInterface } from 'node:readline';

/** Calls a running program over its admin socket, as its one-shot commands do. */
export async function ask<T>(socketPath: string, call: string, parameters: Record<string, unknown> = {}): Promise<T> {
  const connection = connect(socketPath);
  try {
    connection.write(`${JSON.stringify({ call, parameters })}\n`);
    for await (const line of createInterface({ input: connection })) {
      const answer = JSON.parse(line) as { result: T } | { error: string };
      if ('error' in answer) throw new Error(answer.error);
      return answer.result;
    }
    throw new Error(`${socketPath}: no answer to ${call}`);
  } finally {
    connection.destroy();
  }
}
