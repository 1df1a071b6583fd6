import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { askAdmin, EXIT, isNotRunning, openAdminServer, type AdminCalls, type AdminServer } from '../src/index.js';
import { temporaryFolder } from './temporary-folder.js';

const folder = temporaryFolder();
let number = 0;
const newPath = (): string => join(folder, `${++number}.sock`);

const CALLS: AdminCalls = {
  echo: (parameters) => parameters,
  nothing: () => undefined,
  later: () => Promise.resolve('later'),
  fails: () => {
    throw new Error('it cannot be done');
  },
  rejects: () => Promise.reject(new Error('nor later')),
  noJson: () => 1n,
};

const open: AdminServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

async function opened(path = newPath(), calls = CALLS): Promise<string> {
  open.push(await openAdminServer(path, calls));
  return path;
}

/**
 * Sends raw bytes. Returns what came back until the other side closed, or until `lines` lines
 * arrived.
 */
async function raw(path: string, sent: string, lines = 1): Promise<string> {
  const connection = connect(path);
  let received = '';
  connection.on('data', (chunk) => {
    received += chunk.toString();
    if (received.split('\n').length > lines) connection.end();
  });
  connection.on('error', () => undefined); // the other side may close during a write
  connection.write(sent);
  await new Promise((resolve) => connection.on('close', resolve));
  return received;
}

describe('the admin socket', () => {
  test.each([
    ['echo', { a: [1, 'two'] }, { a: [1, 'two'] }],
    ['nothing', {}, null],
    ['later', {}, 'later'],
    ['ping', {}, process.pid],
  ])('answers %s', async (call, parameters, result) => {
    expect(await askAdmin(await opened(), call, parameters)).toEqual(result);
  });

  test.each([
    ['fails', 'it cannot be done'],
    ['rejects', 'nor later'],
    ['noJson', 'Do not know how to serialize a BigInt'],
    ['unknown', "this program does not know 'unknown'"],
    ['toString', "this program does not know 'toString'"],
    ['__proto__', "this program does not know '__proto__'"],
  ])('refuses %s with its reason, and answers the next call', async (call, message) => {
    const path = await opened();
    await expect(askAdmin(path, call)).rejects.toMatchObject({ message, exitCode: EXIT.refused });
    expect(await askAdmin(path, 'ping')).toBe(process.pid);
  });

  test.each([
    ['no JSON', '{"call": \n', /^\{"error":"[^"]*JSON/],
    ['no object', '7\n', /^\{"error":"a question is an object with a call"\}\n$/],
    ['null', 'null\n', /^\{"error":"a question is an object with a call"\}\n$/],
    ['no call', '{"calls":"echo"}\n', /^\{"error":"a question is an object with a call"\}\n$/],
    ['parameters that are none', '{"call":"echo","parameters":null}\n', /^\{"result":\{\}\}\n$/],
    ['control characters', '\u0000\u001b[31m\n', /^\{"error":"[^\u0000-\u001f]*"\}\n$/],
  ])('answers a line with %s and does not crash', async (_name, line, expected) => {
    expect(await raw(await opened(), line)).toMatch(expected);
  });

  test('answers several questions that arrive in pieces on one connection', async () => {
    const path = await opened();
    const connection = connect(path);
    let received = '';
    connection.on('data', (chunk) => (received += chunk.toString()));
    for (const piece of ['{"call":"la', 'ter"}\n{"call":"later"}', '\n']) {
      await new Promise<void>((resolve) => connection.write(piece, () => resolve()));
    }
    connection.end();
    await once(connection, 'close');
    expect(received).toBe('{"result":"later"}\n{"result":"later"}\n');
  });

  test('closes the connection of a line without end, and still serves others', async () => {
    const path = await opened();
    expect(await raw(path, 'x'.repeat(6 << 20))).toBe('');
    expect(await askAdmin(path, 'ping')).toBe(process.pid);
  });

  // 88,000 questions whose answers nobody read took 144 MiB.
  test('answers no more questions than somebody reads the answers of', async () => {
    let asked = 0;
    const text = 'x'.repeat(20_000);
    const path = await opened(newPath(), { long: () => ((asked += 1), text) });
    const connection = connect(path);
    connection.pause();
    for (let i = 0; i < 2000; i++) connection.write('{"call":"long"}\n');
    expect(await askAdmin(path, 'ping')).toBe(process.pid);
    while ((await askAdmin(path, 'long')) !== text);
    expect(asked).toBeLessThan(1000);
    let bytes = 0;
    connection.on('data', (chunk) => (bytes += chunk.length));
    connection.resume();
    connection.end();
    await once(connection, 'close');
    expect(bytes).toBe(2000 * (text.length + '{"result":""}\n'.length));
  });

  test('closes a connection that says nothing, and no other', async () => {
    const path = newPath();
    open.push(await openAdminServer(path, CALLS, undefined, 50));
    const silent = connect(path);
    await once(silent, 'close');
    expect(await askAdmin(path, 'later')).toBe('later');
  });

  test('lets only its owner open it, from the first moment on', async () => {
    const before = process.umask(0);
    try {
      expect(statSync(await opened()).mode & 0o777).toBe(0o600);
      const file = newPath();
      writeFileSync(file, '', { mode: 0o666 });
      expect(statSync(file).mode & 0o777).toBe(0o666); // the mask has not changed
    } finally {
      process.umask(before);
    }
  });

  test('removes the socket and ends connections when it is closed', async () => {
    const path = newPath();
    const server = await openAdminServer(path, CALLS);
    const connection = connect(path);
    await once(connection, 'connect');
    const closed = once(connection, 'close');
    await server.close();
    await closed;
    expect(existsSync(path)).toBe(false);
  });
});

describe('the admin server on a path that is taken', () => {
  test('takes the path over from a process that died', async () => {
    const path = newPath();
    // Leaves a listening socket that is closed but not unlinked, as a killed process does.
    const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', script]);
    expect(statSync(path).isSocket()).toBe(true);
    expect(await askAdmin(await opened(path), 'ping')).toBe(process.pid);
  });

  test('fails, and leaves the path to the living process', async () => {
    const path = await opened();
    await expect(openAdminServer(path, {})).rejects.toMatchObject({
      exitCode: EXIT.failed,
      message: `cannot open the admin socket ${path}: another process listens on it (--admin PATH or --admin off)`,
    });
    expect(await askAdmin(path, 'later')).toBe('later');
  });

  test('fails, and leaves the path to a process that is suspended', async () => {
    const path = newPath();
    const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGSTOP'))`;
    const suspended = spawn(process.execPath, ['-e', script]);
    try {
      while (!stateOf(suspended.pid).startsWith('T')) await setImmediate();
      await expect(openAdminServer(path, {})).rejects.toThrow(/another process listens on it/);
      expect(statSync(path).isSocket()).toBe(true);
    } finally {
      suspended.kill('SIGKILL');
    }
  });

  test('fails, and leaves a file on the path in place', async () => {
    const path = newPath();
    writeFileSync(path, 'precious');
    await expect(openAdminServer(path, {})).rejects.toMatchObject({
      exitCode: EXIT.failed,
      message: expect.stringContaining('there is a file that is no socket'),
    });
    expect(readFileSync(path, 'utf8')).toBe('precious');
  });

  test.each([
    ['a folder', () => (mkdirSync(join(folder, 'd'), { recursive: true }), join(folder, 'd'))],
    ['in a folder that is missing', () => join(folder, 'missing', 'a.sock')],
    ['longer than a socket may have', () => join(folder, 'x'.repeat(200))],
  ])('fails with one line where the path is %s', async (_name, pathOf) => {
    await expect(openAdminServer(pathOf(), {})).rejects.toMatchObject({
      exitCode: EXIT.failed,
      message: expect.stringMatching(/^cannot open the admin socket .*\(--admin PATH or --admin off\)$/),
    });
  });
});

/** Returns the state of a process in the letter of proc(5): `T` is suspended. */
const stateOf = (pid = 0): string => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1] ?? '';

/** Returns the error of a call to askAdmin on this path. */
const failureAt = (path: string): Promise<unknown> => askAdmin(path, 'fails').catch((error: unknown) => error);

describe('isNotRunning', () => {
  test('is true where there is no socket, or the process of the socket has died', async () => {
    expect(isNotRunning(await failureAt(newPath()))).toBe(true);
    const path = newPath();
    const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', script]);
    expect(isNotRunning(await failureAt(path))).toBe(true);
  });

  test('is false where a program took the connection and closed it, or refused the call', async () => {
    expect(isNotRunning(await failureAt(await opened()))).toBe(false);
    const path = newPath();
    // Closes each connection, as the system does for a process that has no descriptor left.
    const other = createServer((connection) => connection.destroy());
    other.listen(path);
    await once(other, 'listening');
    expect(isNotRunning(await failureAt(path))).toBe(false);
    const closed = once(other, 'close');
    other.close();
    await closed;
  });
});

describe('askAdmin', () => {
  test('reports that no program listens on the path', async () => {
    const path = newPath();
    await expect(askAdmin(path, 'status')).rejects.toMatchObject({
      exitCode: EXIT.unreachable,
      message: expect.stringMatching(/no running program answers on .*sock: it does not exist \(is it running, .*\)/),
    });
  });

  test.each([
    ['something else', 'hello\n'],
    ['an object that is no answer', '{"pid":7}\n'],
    ['an error that is no text', '{"error":7}\n'],
    ['half a line', '{"result"'],
    ['nothing', ''],
  ])('reports a failure where %s answers', async (_name, reply) => {
    const path = newPath();
    const other = createServer((connection) => connection.resume().end(reply));
    other.listen(path);
    await once(other, 'listening');
    await expect(askAdmin(path, 'status')).rejects.toMatchObject({ exitCode: EXIT.unreachable });
    const closed = once(other, 'close');
    other.close();
    await closed;
  });
});
