import { spawn, type ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

const require = createRequire(import.meta.url);

/**
 * Starts one of the programs and resolves when each of the patterns has matched a line of its
 * stdout, with the first group of each. Rejects with the output of the program if it ends before.
 */
export function startProgram(
  app: 'server' | 'client',
  args: readonly string[],
  ready: readonly RegExp[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ child: ChildProcess; matches: readonly string[] }> {
  const script = join(dirname(require.resolve(`@relay/${app}/package.json`)), 'bin', `relay-${app}.js`);
  const child = spawn(process.execPath, [script, ...args], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  const found = new Map<RegExp, string>();
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => said.push(line));
    createInterface({ input: child.stdout }).on('line', (line) => {
      for (const pattern of ready) {
        const [, match] = pattern.exec(line) ?? [];
        if (match !== undefined && !found.has(pattern)) found.set(pattern, match);
      }
      if (found.size === ready.length) resolve({ child, matches: ready.map((pattern) => found.get(pattern) ?? '') });
    });
    child.once('close', () => reject(new Error(`relay-${app} ended:\n${said.join('\n')}`)));
  });
}
