import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { build, run } from './support/program.js';

beforeAll(build);

/** Runs the program on a pseudo-terminal, which script(1) of util-linux makes. */
function onTerminal(stream: string, environment: NodeJS.ProcessEnv = {}): string {
  const program = fileURLToPath(new URL('programs/console.mjs', import.meta.url));
  const command = `'${process.execPath}' '${program}' terminal ${stream}`;
  const env = { ...process.env, ...environment };
  return spawnSync('script', ['--quiet', '--flush', '--command', command, '/dev/null'], {
    encoding: 'utf8',
    env,
    timeout: 20_000,
  }).stdout;
}

describe('the console of a process', () => {
  test.each(['stderr', 'stdout'])('is for people on a terminal: %s', (stream) => {
    const lines = onTerminal(stream).trimEnd().split('\r\n');
    expect(lines).toEqual([
      expect.stringMatching(/^[\d:.]{12} \x1b\[32minfo \x1b\[39m \x1b\[1mdemo\x1b\[22m one n=1$/),
      expect.stringMatching(/^[\d:.]{12} \x1b\[33mwarn \x1b\[39m \x1b\[1mdemo\x1b\[22m two$/),
      expect.stringMatching(/ three \\x1b\[2J$/),
    ]);
  });

  test.each([{ NO_COLOR: '1' }, { TERM: 'dumb' }])('has no colours where %j asks for none', (environment) => {
    expect(onTerminal('stderr', environment)).toMatch(/^[\d:.]{12} info {2}demo one n=1\r\n/);
  });

  test.each(['stderr', 'stdout'] as const)('is JSON on a pipe: %s', async (stream) => {
    const ended = await run('console', ['pipe', stream]);
    const records = ended[stream]
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { message: string });
    expect(records.map(({ message }) => message)).toEqual(['one', 'two', 'three \\x1b[2J']);
    expect(ended[stream === 'stderr' ? 'stdout' : 'stderr']).toBe('');
  });

  test("has priorities in systemd's journal", async () => {
    const { stderr } = await run('console', ['journal', 'stderr']);
    expect(
      stderr
        .trimEnd()
        .split('\n')
        .map((line) => line.slice(0, 4)),
    ).toEqual(['<6>{', '<4>{', '<7>{']);
  });
});
