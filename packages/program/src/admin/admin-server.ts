import { chmodSync, lstatSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { EXIT, ProgramFailure } from '../exit-code.js';
import type { AdminAnswer, AdminQuestion } from './admin-client.js';
import type { FaultLog } from '../periodic.js';
import { systemReason } from '../system-reason.js';
import { onLines } from './lines.js';
import { isListening, MAX_SOCKET_PATH_BYTES } from './listening.js';

/**
 * The calls that a running program answers, by name. If a call throws, the answer is the message of
 * the error.
 */
export type AdminCalls = Readonly<Record<string, (parameters: Readonly<Record<string, unknown>>) => unknown>>;

/** A connection that neither asks nor takes its answer for so long is closed, ms. */
const SILENCE_MS = 60_000;

export interface AdminServer {
  close(): Promise<void>;
}

/**
 * Answers calls on a Unix socket that only its owner can open (mode 0600). Each question is one
 * line of JSON, and so is each answer. The server replaces a socket file whose process has ended.
 * It rejects with a ProgramFailure if a living process, suspended or not, listens on the path, or
 * if the file is no socket. If the server later cannot take a connection (for example, no
 * descriptor is left), it logs an error. A connection that neither asks nor takes its answers for
 * `silenceMs` is closed.
 */
export async function openAdminServer(
  path: string,
  calls: AdminCalls,
  log?: FaultLog,
  silenceMs: number = SILENCE_MS,
): Promise<AdminServer> {
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES)
    throw cannotOpen(path, `the path is longer than the ${MAX_SOCKET_PATH_BYTES} bytes that a socket may have`);
  if (await isTaken(path)) throw cannotOpen(path, 'another process listens on it');
  removeStale(path);
  const connections = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (connection) => {
    connections.add(connection);
    connection.on('close', () => connections.delete(connection));
    connection.setTimeout(silenceMs, () => connection.destroy());
    serve(connection, calls);
  });
  await listen(server, path);
  server.on('error', (error) => log?.error('the admin socket cannot take a connection', { error }));
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // The connections end one turn later and send what they hold first, so that the call which
        // caused the end is still answered.
        setImmediate(() => {
          for (const connection of connections) connection.destroySoon();
        });
      }),
  };
}

async function isTaken(path: string): Promise<boolean> {
  try {
    return await isListening(path);
  } catch (error) {
    throw cannotOpen(path, systemReason(error), error);
  }
}

function removeStale(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found !== undefined && !found.isSocket()) throw cannotOpen(path, 'there is a file that is no socket');
  try {
    rmSync(path, { force: true });
  } catch (error) {
    throw cannotOpen(path, systemReason(error), error);
  }
}

const cannotOpen = (path: string, reason: string, cause?: unknown): ProgramFailure =>
  new ProgramFailure(EXIT.failed, `cannot open the admin socket ${path}: ${reason} (--admin PATH or --admin off)`, {
    cause,
  });

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: unknown): void => reject(cannotOpen(path, systemReason(error), error));
    server.once('error', failed);
    const mask = process.umask(0o177);
    server.listen(path, () => {
      server.off('error', failed);
      try {
        chmodSync(path, 0o600);
        resolve();
      } catch (error) {
        server.close(() => failed(error));
      }
    });
    process.umask(mask);
  });
}

/** Answers one question after the other, and reads no more while the answers are not taken. */
function serve(connection: Socket, calls: AdminCalls): void {
  connection.on('error', () => connection.destroy()); // the asker has gone
  let waiting = 0;
  let last = Promise.resolve();
  onLines(connection, (line) => {
    waiting++;
    connection.pause();
    last = last.then(async () => {
      await write(connection, `${await answer(line, calls)}\n`);
      if (--waiting === 0) connection.resume();
    });
  });
  connection.on('end', () => void last.then(() => connection.end()));
}

/** Resolves when there is room for more, or the asker has gone. */
async function write(connection: Socket, text: string): Promise<void> {
  if (connection.write(text) || connection.destroyed) return;
  await new Promise<void>((resolve) => {
    connection.once('drain', resolve).once('close', resolve);
  });
}

/** Returns the line that answers `line`. */
async function answer(line: string, calls: AdminCalls): Promise<string> {
  const asJson = (reply: AdminAnswer): string => JSON.stringify(reply);
  try {
    const { call, parameters } = parseQuestion(line);
    if (call === 'ping') return asJson({ result: process.pid });
    const called = Object.hasOwn(calls, call) ? calls[call] : undefined;
    if (called === undefined) return asJson({ error: `this program does not know '${call}'` });
    return asJson({ result: (await called(parameters)) ?? null });
  } catch (error) {
    return asJson({ error: error instanceof Error ? error.message : String(error) });
  }
}

function parseQuestion(line: string): AdminQuestion {
  const question: unknown = JSON.parse(line);
  if (typeof question !== 'object' || question === null || !('call' in question) || typeof question.call !== 'string')
    throw new Error('a question is an object with a call');
  const parameters = 'parameters' in question && typeof question.parameters === 'object' ? question.parameters : {};
  return { call: question.call, parameters: { ...parameters } };
}
