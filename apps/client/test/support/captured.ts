/** Runs `run` in this process. Returns what it wrote to stdout and stderr. */
export async function captured(run: () => Promise<unknown>): Promise<{ stdout: string; stderr: string }> {
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
  const giveBack = [takeOver('stdout'), takeOver('stderr')];
  try {
    await run();
    return written;
  } finally {
    for (const restore of giveBack) restore();
  }
}
