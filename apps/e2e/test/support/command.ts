import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Returns true if the system has this program. */
export function isInstalled(command: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Runs a program of the system and returns its output. Rejects if it fails. */
export async function runCommand(command: string, args: readonly string[]): Promise<string> {
  const { stdout } = await execute(command, [...args], { maxBuffer: 16 << 20 });
  return stdout;
}
