import { PassThrough, Writable } from 'node:stream';

/** Streams in place of those of the process: a person would type on one and see the other. */
export interface TerminalStreams {
  /** Returns everything that was written so far, with control sequences. */
  readonly shown: () => string;
  type(text: string): void;
  /** Ends the input. */
  endInput(): void;
  /** Gives the process its own streams back. */
  restore(): void;
}

/** Replaces stdin and stdout of this process by a terminal with this many rows, or by none. */
export function takeStreams(rows: number | undefined): TerminalStreams {
  const before = [
    ['stdin', Object.getOwnPropertyDescriptor(process, 'stdin')],
    ['stdout', Object.getOwnPropertyDescriptor(process, 'stdout')],
  ] as const;
  let shown = '';
  const isTTY = rows !== undefined;
  const input = Object.assign(new PassThrough(), { isTTY, isRaw: false, setRawMode: () => undefined });
  const output = Object.assign(
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        shown += chunk.toString();
        done();
      },
    }),
    { isTTY, columns: 100, rows },
  );
  Object.defineProperty(process, 'stdin', { value: input, configurable: true });
  Object.defineProperty(process, 'stdout', { value: output, configurable: true });
  return {
    shown: () => shown,
    type: (text) => input.write(text),
    endInput: () => input.end(),
    restore: () => {
      for (const [name, descriptor] of before)
        if (descriptor !== undefined) Object.defineProperty(process, name, descriptor);
    },
  };
}
