import { PassThrough, Writable } from 'node:stream';

/** What a person would type on, and see: streams in place of the process's own. */
export interface TerminalStreams {
  /** All that was written so far, control sequences included. */
  readonly shown: () => string;
  type(text: string): void;
  /** The end of the input. */
  endInput(): void;
  /** Gives the process its own streams back. */
  restore(): void;
}

/** Takes the place of stdin and stdout in this process: a terminal of this many rows, or none. */
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
