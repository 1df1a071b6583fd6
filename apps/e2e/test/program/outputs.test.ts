import { describe, expect, test } from '@jest/globals';
import { ask } from '../support/admin.js';
import { Echo } from '../support/echo.js';
import { Folder } from '../support/folder.js';
import { CLIENT, run, RunningProgram, SERVER } from '../support/program.js';
import { Server } from '../support/server.js';

/** These run a program whose stdout has lost its reader (`| head -0`), or leads to a full disk. */
const TO_NOBODY = ['sh', '-c', '"$@" | true', 'sh'];
const TO_A_FULL_DISK = ['sh', '-c', 'exec "$@" > /dev/full', 'sh'];

/** Runs a command line whose stdout is a pipe that has no reader from the beginning. */
const WITHOUT_READER =
  'import os, sys; r, w = os.pipe(); os.dup2(w, 1); os.close(r); os.close(w); os.execvp(sys.argv[1], sys.argv[1:])';

const start = (state: string): string[] => ['start', '--listen', '127.0.0.1:0', '--state', state];

/** Starts a program whose stdout nobody reads. */
function startedForNobody(script: string, args: readonly string[], environment = {}): RunningProgram {
  const program = new RunningProgram(script, args, { environment });
  program.process.stdout?.destroy();
  return program;
}

describe('a stdout that cannot be written', () => {
  test('whose reader has gone does not end the server', async () => {
    using folder = new Folder();
    await using program = startedForNobody(SERVER, start(folder.path));
    await program.line(/"message":"listening"/, 'stderr');
    expect(await ask(folder.at('admin.sock'), 'status')).toMatchObject({ pid: program.process.pid });
    expect(await program.stop()).toMatchObject({ code: 0, signal: null });
    expect(program.stderr).not.toContain('EPIPE');
  });

  test('whose reader has gone does not end the client', async () => {
    using folder = new Folder();
    await using echo = await Echo.open();
    await using server = await Server.start({ state: folder.at('state'), engine: 'dgram' });
    const invitation = await server.invite('tester', ['127.0.0.0/8']);
    const args = ['--admin', folder.at('client.sock'), '--forward', `0=127.0.0.1:${echo.port}`];
    await using program = startedForNobody(CLIENT, args, { RELAY_SERVER: invitation });
    await program.line(/"message":"connected"/, 'stderr');
    expect(await ask(folder.at('client.sock'), 'status')).toMatchObject({ state: 'connected' });
    expect(await program.stop()).toMatchObject({ code: 0, signal: null });
  });

  test('on a full disk does not end the server, which reports it in its log', async () => {
    using folder = new Folder();
    await using program = new RunningProgram(SERVER, start(folder.path), { through: TO_A_FULL_DISK });
    await program.line(/"message":"cannot write to stdout".*ENOSPC/, 'stderr');
    expect(await ask(folder.at('admin.sock'), 'status')).toMatchObject({ pid: program.process.pid });
    expect(await program.stop()).toMatchObject({ code: 0, signal: null });
  });

  test('on a full disk ends a command that prints with 1, and the command reports it', async () => {
    const { code, stderr } = await run(SERVER, ['config', 'reference'], { through: TO_A_FULL_DISK });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^relay-server: cannot write to stdout: .*ENOSPC.*$/);
  });

  test.each([
    ['on a full disk', TO_A_FULL_DISK],
    ['whose reader has gone', ['python3', '-c', WITHOUT_READER]],
  ])('%s lets invite take its client back, since nobody has seen the invitation', async (_where, through) => {
    using folder = new Folder();
    const command = ['invite', 'tester', '--state', folder.path, '--public', '127.0.0.1:1'];
    const { code, stderr } = await run(SERVER, command, { through });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^relay-server: the invitation could not be .* client 'tester' was removed again \(invite/m);
    expect((await run(SERVER, ['clients', '--state', folder.path])).stdout).toMatch(/^no clients/);
    expect(await run(SERVER, command)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^relay:/) });
  });

  test('whose reader stopped early ends a command silently', async () => {
    const { stderr } = await run(SERVER, ['config', 'reference'], { through: TO_NOBODY });
    expect(stderr).toBe('');
  });
});
