export interface Captured {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: typeof process.exitCode;
}

/** Runs something in this process, and gives what it wrote and the exit code that it left. */
export async function captured(run: () => Promise<unknown>): Promise<Captured> {
  const { stdout, stderr } = process;
  const writes = { stdout: stdout.write, stderr: stderr.write };
  const written = { stdout: '', stderr: '' };
  const write = (to: keyof typeof written) => (text: string | Uint8Array) => {
    written[to] += text.toString();
    return true;
  };
  try {
    Object.assign(stdout, { write: write('stdout') });
    Object.assign(stderr, { write: write('stderr') });
    process.exitCode = undefined;
    await run();
    return { ...written, exitCode: process.exitCode };
  } finally {
    Object.assign(stdout, { write: writes.stdout });
    Object.assign(stderr, { write: writes.stderr });
    process.exitCode = undefined;
  }
}
