/** What was written, and what came of it. */
export interface Captured<Result> {
  readonly stdout: string;
  readonly stderr: string;
  readonly result: Result;
}

/**
 * Runs something in this process, and gives its result and what it wrote to stdout and stderr.
 * `isTerminal` says whether stdout is a terminal for it.
 */
export async function captured<Result>(
  run: () => Promise<Result>,
  { isTerminal = false } = {},
): Promise<Captured<Result>> {
  const before = Object.getOwnPropertyDescriptor(process.stdout, 'isTTY');
  Object.defineProperty(process.stdout, 'isTTY', { value: isTerminal, configurable: true });
  try {
    return await written(run);
  } finally {
    Reflect.deleteProperty(process.stdout, 'isTTY');
    if (before !== undefined) Object.defineProperty(process.stdout, 'isTTY', before);
  }
}

async function written<Result>(run: () => Promise<Result>): Promise<Captured<Result>> {
  const texts = { stdout: '', stderr: '' };
  const takeOver = (name: keyof typeof texts): (() => void) => {
    const before = Object.getOwnPropertyDescriptor(process[name], 'write');
    const write = (text: string | Uint8Array, done?: () => void): boolean => {
      texts[name] += text.toString();
      done?.();
      return true;
    };
    Object.defineProperty(process[name], 'write', { value: write, configurable: true });
    return () => {
      Reflect.deleteProperty(process[name], 'write');
      if (before !== undefined) Object.defineProperty(process[name], 'write', before);
    };
  };
  const giveBack = [takeOver('stdout'), takeOver('stderr')];
  try {
    const result = await run();
    return { ...texts, result };
  } finally {
    for (const restore of giveBack) restore();
  }
}
