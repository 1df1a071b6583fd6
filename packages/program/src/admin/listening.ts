import { connect } from 'node:net';

/**
 * The longest path that fits `sun_path` with its final zero byte (unix(7)), in bytes. Node.js cuts
 * off the rest of a longer path and binds elsewhere.
 */
export const MAX_SOCKET_PATH_BYTES = process.platform === 'linux' ? 107 : 103;

/**
 * The error codes of a connection to a path where no process listens: there is no socket, or the
 * process of the socket has ended (unix(7)).
 */
const NOBODY: ReadonlySet<unknown> = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTSOCK']);

export const meansNobody = (error: object): boolean => 'code' in error && NOBODY.has(error.code);

/**
 * Whether a process listens on the Unix socket of this path. The kernel says it, not the process: a
 * suspended process listens, and one that was killed does not. Rejects with the system's error
 * where the kernel does not say it, such as EACCES.
 */
export function isListening(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const connection = connect(path);
    connection.on('connect', () => {
      connection.destroy();
      resolve(true);
    });
    connection.on('error', (error: NodeJS.ErrnoException) => {
      if (meansNobody(error)) resolve(false);
      else if (error.code === 'EAGAIN')
        resolve(true); // it listens, and takes no connection
      else reject(error);
    });
  });
}
