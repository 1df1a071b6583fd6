import { connect } from 'node:net';
import { EXIT, ProgramFailure } from '../exit-code.js';
import { systemReason } from '../system-reason.js';
import { onLines } from './lines.js';
import { meansNobody } from './listening.js';

export interface AdminQuestion {
  readonly call: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** Holds either the result of the call or the reason why it failed. */
export type AdminAnswer = { readonly result: unknown } | { readonly error: string };

/**
 * Asks a running program one question over its admin socket and returns the answer as parsed JSON.
 * Rejects with a {@link ProgramFailure}: unreachable if no program answers there in time, refused
 * if the call failed.
 */
export async function askAdmin(
  path: string,
  call: string,
  parameters: Record<string, unknown> = {},
  timeoutMs = TIMEOUT_MS,
): Promise<unknown> {
  const question: AdminQuestion = { call, parameters };
  const answer = await exchange(path, `${JSON.stringify(question)}\n`, timeoutMs);
  if ('error' in answer) throw new ProgramFailure(EXIT.refused, answer.error);
  return answer.result;
}

/**
 * Returns true if {@link askAdmin} failed because no program runs there. Returns false if a program
 * runs, or may run, and did not answer: it hangs, or it has no descriptor left to take the
 * question.
 */
export function isNotRunning(error: unknown): boolean {
  if (!(error instanceof ProgramFailure) || error.exitCode !== EXIT.unreachable) return false;
  const { cause } = error;
  return typeof cause === 'object' && cause !== null && meansNobody(cause);
}

const TIMEOUT_MS = 5000;

function exchange(path: string, line: string, timeoutMs: number): Promise<AdminAnswer> {
  return new Promise((resolve, reject) => {
    const connection = connect(path);
    const fail = (reason: string, cause?: Error): void => {
      connection.destroy();
      reject(
        new ProgramFailure(
          EXIT.unreachable,
          `no running program answers on ${path}: ${reason} (is it running, with the same --state or --admin?)`,
          { cause: cause ?? new Error(reason) },
        ),
      );
    };
    connection.setTimeout(timeoutMs, () => fail('no answer in time'));
    connection.on('error', (error) => {
      if ('code' in error && error.code === 'EACCES') reject(notPermitted(path, error));
      else fail(systemReason(error), error);
    });
    connection.on('close', () => fail('the connection was closed'));
    connection.on('connect', () => connection.write(line));
    onLines(connection, (reply) => {
      connection.removeAllListeners('close');
      connection.end();
      const answer = parseAnswer(reply);
      if (answer === undefined) fail('it answered with something else');
      else resolve(answer);
    });
  });
}

/** The program may well run: only its user, and root, may ask it. */
const notPermitted = (path: string, cause: Error): ProgramFailure =>
  new ProgramFailure(
    EXIT.unreachable,
    `cannot ask the program on ${path}: permission denied (only the user who runs it may: run the command as that user)`,
    { cause },
  );

function parseAnswer(line: string): AdminAnswer | undefined {
  try {
    const answer: unknown = JSON.parse(line);
    if (typeof answer !== 'object' || answer === null) return undefined;
    if ('error' in answer && typeof answer.error === 'string') return { error: answer.error };
    return 'result' in answer ? { result: answer.result } : undefined;
  } catch {
    return undefined;
  }
}
