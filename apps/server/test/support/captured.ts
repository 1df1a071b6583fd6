/** What was written, and what came of it. */
export interface Captured<Result> {
  readonly stdout: string;
  readonly stderr: string;
  readonly result: Result;
}

/** Runs something in this process, and gives its result and what it wrote to stdout and stderr. */
export async function captured<Result>(run: () => Promise<Result>): Promise<Captured<Result>> {
  const written = { stdout: '', stderr: '' };
  const takeOver = (name: keyof typeof written): (() => void) => {
    const before = Object.getOwnPropertyDescriptor(process[name], 'write');
    const write = (text: string | Uint8Array): boolean => {
      written[name] += text.toString();
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
    return { ...written, result };
  } finally {
    for (const restore of giveBack) restore();
  }
}
