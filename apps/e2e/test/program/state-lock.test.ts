import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { Folder } from '../support/folder.js';
import { canGiveHosts, run, RunningProgram, SERVER, type Finished } from '../support/program.js';
import { Server } from '../support/server.js';

const args = (state: string, ...flags: string[]): string[] => ['--state', state, '--listen', '127.0.0.1:0', ...flags];
const refused = (state: string, pid: number | undefined): Pick<Finished, 'code' | 'stdout' | 'stderr'> => ({
  code: 1,
  stdout: '',
  stderr: `relay-server: a server already runs on this state (pid ${pid ?? 0}): ${state} (stop it, or give this one another folder with --state)`,
});

/** Suspends a process, and resolves once it is. */
async function suspend({ process: { pid = 0 } }: RunningProgram): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  while (!/\) T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) await setImmediate();
}

describe('two servers on one state', () => {
  test.each([
    ['at its admin socket', []],
    ['without an admin socket', ['--admin', 'off']],
  ])('are never: the second is refused %s, also where it asks for the same port', async (_where, flags) => {
    using folder = new Folder();
    const state = folder.at('state');
    await using server = await Server.start({ state, engine: 'dgram', flags });
    const { pid } = server.program.process;
    expect(await run(SERVER, args(state, ...flags))).toMatchObject(refused(state, pid));
    const samePort = ['--state', state, '--listen', `127.0.0.1:${server.port}`, ...flags];
    expect(await run(SERVER, samePort)).toMatchObject(refused(state, pid));
    expect(server.program.hasEnded).toBe(false);
  });

  test('are never while the first is suspended: it goes on with its admin socket', async () => {
    using folder = new Folder();
    const state = folder.at('state');
    await using server = await Server.start({ state, engine: 'dgram' });
    const { pid = 0 } = server.program.process;
    await suspend(server.program);
    expect(await run(SERVER, args(state))).toMatchObject(refused(state, pid));
    expect(await run(SERVER, args(state, '--admin', 'off'))).toMatchObject(refused(state, pid));
    process.kill(pid, 'SIGCONT');
    expect(await server.status()).toMatchObject({ pid, sessions: 0 });
  });

  test('are never in two containers either, whose processes have numbers of their own', async () => {
    if (!canGiveHosts()) return;
    using folder = new Folder();
    const state = folder.at('state');
    const through = [
      'unshare',
      '-rmpn',
      '--fork',
      '--mount-proc',
      '--kill-child',
      'sh',
      '-c',
      'ip link set lo up; exec "$@"',
      'sh',
    ];
    await using first = await Server.start({ state, engine: 'dgram', flags: ['--admin', 'off'], through });
    expect(await run(SERVER, args(state, '--admin', 'off'), { through })).toMatchObject(refused(state, 1));
    expect(await run(SERVER, args(state, '--admin', 'off'))).toMatchObject(refused(state, 1));
    expect(first.program.hasEnded).toBe(false);
  });

  test('do not take turns in the state of a third: of several that start at once after a kill, one runs', async () => {
    using folder = new Folder();
    const state = folder.at('state');
    await using server = await Server.start({ state, engine: 'dgram' });
    await server.stop('SIGKILL');
    expect(readdirSync(state)).toContain('lock');
    const programs = Array.from({ length: 4 }, () => new RunningProgram(SERVER, args(state, '--admin', 'off')));
    try {
      const isReady = (program: RunningProgram): Promise<boolean> =>
        program.line(/^relay-server ready/).then(
          () => true,
          () => false,
        );
      const ready = await Promise.all(programs.map(isReady));
      expect(ready.filter((each) => each)).toHaveLength(1);
      const { pid } = programs[ready.indexOf(true)]?.process ?? {};
      for (const program of programs.filter((_each, i) => ready[i] === false))
        expect(await program.finished()).toMatchObject(refused(state, pid));
    } finally {
      for (const program of programs) await program.stop('SIGKILL');
    }
  });
});

describe('the lock of a state', () => {
  test('is gone with a server that is killed: the next one starts', async () => {
    using folder = new Folder();
    const state = folder.at('state');
    await using first = await Server.start({ state, engine: 'dgram' });
    await first.stop('SIGKILL');
    await using second = await Server.start({ state, engine: 'dgram' });
    expect(await second.status()).toMatchObject({ pid: second.program.process.pid });
    await second.stop();
    expect(readdirSync(state)).not.toContain('lock');
  });

  test('hinders no command, whether a server runs or not', async () => {
    using folder = new Folder();
    const state = folder.at('state');
    await using server = await Server.start({ state, engine: 'dgram' });
    for (const name of ['ada', 'bob']) expect(await server.command('invite', name)).toMatchObject({ code: 0 });
    await server.stop('SIGKILL');
    expect(await server.command('revoke', 'ada')).toMatchObject({ code: 0 });
    expect(await server.command('invite', 'cleo')).toMatchObject({ code: 0 });
    expect((await server.command('clients')).stdout).toMatch(/^bob.*\n^cleo/m);
  });

  test('is done without where the state can only be read, which is said', async () => {
    if (!canGiveHosts()) return;
    using folder = new Folder();
    const state = folder.at('state');
    await (await Server.start({ state, engine: 'dgram' })).stop();
    const through = [
      ...['unshare', '-rm', 'sh', '-c'],
      ...['mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"', state],
    ];
    const settings = { state, engine: 'dgram', flags: ['--admin', 'off'], through } as const;
    await using server = await Server.start(settings);
    await server.program.line(/cannot lock the state folder.*the file system is read-only/, 'stderr');
    await using other = await Server.start({ state, engine: 'dgram' });
    expect(await run(SERVER, args(state, '--admin', 'off'), { through })).toMatchObject(
      refused(state, other.program.process.pid),
    );
  });
});
