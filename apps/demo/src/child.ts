import { spawn, type ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

const require = createRequire(import.meta.url);

/**
 * Starts one of the programs and resolves with the first match on its stdout. Rejects with the
 * output of the program if it ends before.
 */
export function startProgram(
  app: 'server' | 'client',
  args: readonly string[],
  ready: RegExp,
  environment: Readonly<Record<string, string>> = {},
): Promise<{ child: ChildProcess; match: RegExpExecArray }> {
  const script = join(dirname(require.resolve(`@relay/${app}/package.json`)), 'bin', `relay-${app}.js`);
  const child = spawn(process.execPath, [script, ...args], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => said.push(line));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const match = ready.exec(line);
      if (match !== null) resolve({ child, match });
    });
    child.once('close', () => reject(new Error(`relay-${app} ended:\n${said.join('\n')}`)));
  });
}
