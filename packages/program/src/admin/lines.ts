import type { Socket } from 'node:net';

/** Longest line in bytes. A connection that sends a longer one is closed. */
const MAX_LINE_BYTES = 4 << 20;

/** Calls `line` with each complete line that arrives. */
export function onLines(connection: Socket, line: (text: string) => void): void {
  let pending = '';
  connection.setEncoding('utf8');
  connection.on('data', (chunk) => {
    const lines = (pending + chunk.toString()).split('\n');
    pending = lines.pop() ?? '';
    if (pending.length > MAX_LINE_BYTES) connection.destroy();
    for (const text of lines) line(text);
  });
}
