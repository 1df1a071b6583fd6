export interface Captured {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: typeof process.exitCode;
}

/** Runs `run` in this process. Returns what it wrote and the exit code that it set. */
export async function captured(run: () => Promise<unknown>): Promise<Captured> {
  const written = { stdout: '', stderr: '' };
  const takeOver = (name: keyof typeof written): (() => void) => {
    const before = Object.getOwnPropertyDescriptor(process[name], 'write');
    const write = (text: string | Uint8Array, done?: () => void): boolean => {
      written[name] += text.toString();
      done?.();
      return true;
    };
    Object.defineProperty(process[name], 'write', { value: write, configurable: true });
    return () => {
      Reflect.deleteProperty(process[name], 'write');
      if (before !== undefined) Object.defineProperty(process[name], 'write', before);
    };
  };
  const { log } = console;
  const giveBack = [takeOver('stdout'), takeOver('stderr')];
  try {
    console.log = (...parts: unknown[]) => (written.stdout += `${parts.join(' ')}\n`);
    process.exitCode = undefined;
    await run();
    return { ...written, exitCode: process.exitCode };
  } finally {
    console.log = log;
    for (const restore of giveBack) restore();
    process.exitCode = undefined;
  }
}
