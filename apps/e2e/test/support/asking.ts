/** Sources that ask once. */
import { Application } from './application.js';

/** The answer to one question of a new socket at this address. It asks there, or at `to`. */
export async function askOnce(port: number, address = '127.0.0.1', to = address): Promise<string> {
  await using application = await Application.open(address, to);
  return `${(await application.exchange('?', port))?.toString()}`;
}

/** Asks from so many new sockets, one after another. Returns how often each answer came. */
export async function askOften(count: number, port: number): Promise<ReadonlyMap<string, number>> {
  const answers = new Map<string, number>();
  for (let i = 0; i < count; i++) {
    const answer = await askOnce(port);
    answers.set(answer, (answers.get(answer) ?? 0) + 1);
  }
  return answers;
}
