import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { beforeAll, describe, expect, test } from '@jest/globals';
import ts from 'typescript';
import { untilStopped } from '../src/index.js';
import { temporaryFolder } from './temporary-folder.js';

const folder = temporaryFolder();

/** Compiles the module, because signals have to reach a separate process. */
beforeAll(() => {
  const source = readFileSync(new URL('../src/signals.ts', import.meta.url), 'utf8');
  const { outputText } = ts.transpileModule(source, { compilerOptions: { module: ts.ModuleKind.ESNext } });
  writeFileSync(join(folder, 'signals.mjs'), outputText);
});

/**
 * Starts a program whose `work` is this text. Sends it the signals after it has printed `ready`
 * (and `stopping`). Returns how it ended.
 */
async function ended(work: string, ...signals: readonly NodeJS.Signals[]) {
  const program = join(folder, 'program.mjs');
  writeFileSync(
    program,
    `import { onReloadSignal, untilStopped } from './signals.mjs';
    const say = (text) => process.stdout.write(text + '\\n');
    const forever = () => new Promise((resolve) => setTimeout(resolve, 60_000));
    ${work}`,
  );
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const said: string[] = [];
  const left = [...signals];
  createInterface({ input: child.stdout }).on('line', (line) => {
    said.push(line);
    const signal = left.shift();
    if (signal !== undefined) child.kill(signal);
  });
  await once(child, 'close');
  return { code: child.exitCode, signal: child.signalCode, said };
}

const RUN = `await untilStopped(async (stop, stopped) => { say('ready'); await Promise.race([stopped, forever()]); say('stopping'); await end(); });`;

describe('untilStopped', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('ends its work at %s, with exit code 0', async (signal) => {
    const quick = `${RUN.replace('await Promise.race([stopped, forever()])', 'const alive = setInterval(() => 0, 1000); await stopped; clearInterval(alive)').replace('await end();', '')} say('over');`;
    expect(await ended(quick, signal)).toEqual({ code: 0, signal: null, said: ['ready', 'stopping', 'over'] });
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends at once at a second signal, %s, with exit code %i', async (second, code) => {
    const slow = `const end = forever; ${RUN}`;
    expect(await ended(slow, 'SIGTERM', second)).toEqual({ code, signal: null, said: ['ready', 'stopping'] });
  });

  test('cuts off work that takes too long to end, with exit code 1', async () => {
    const slow = `const end = forever; ${RUN}`;
    expect(await ended(slow, 'SIGINT')).toEqual({ code: 1, signal: null, said: ['ready', 'stopping'] });
  });

  test('opens no debugger for other users of the host at SIGUSR1', async () => {
    const asked = `const inspector = await import('node:inspector');
      await untilStopped(async () => {
        process.kill(process.pid, 'SIGUSR1');
        for (let i = 0; i < 50 && !inspector.url(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
        say('debugger ' + inspector.url());
      });`;
    expect((await ended(asked)).said).toEqual(['debugger undefined']);
  });

  test('reads the configuration again at each SIGHUP without a terminal', async () => {
    const reloading = `let times = 0;
      onReloadSignal(() => { say('reload ' + ++times); });
      ${RUN.replace('forever()]', 'forever()]').replace('await end();', 'process.exit(0);')}`;
    expect(await ended(reloading, 'SIGHUP', 'SIGHUP', 'SIGTERM')).toEqual({
      code: 0,
      signal: null,
      said: ['ready', 'reload 1', 'reload 2', 'stopping'],
    });
  });

  test('lets the work stop itself, rejects with what it throws, and leaves no handler', async () => {
    const before = process.listenerCount('SIGTERM');
    await untilStopped(async (stop, stopped) => {
      expect(process.listenerCount('SIGTERM')).toBe(before + 1);
      stop();
      await stopped;
    });
    await expect(untilStopped(() => Promise.reject(new Error('it broke')))).rejects.toThrow('it broke');
    expect(process.listenerCount('SIGTERM')).toBe(before);
  });
});
