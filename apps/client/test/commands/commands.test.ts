import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { askAdmin, EXIT, startCommand, statusVerb, type Flags } from '@relay/program';
import { clientPlace } from '../../src/place.js';
import { clientProgram } from '../../src/program.js';
import { newStatusLines } from '../../src/verbs.js';
import { captured } from '../support/captured.js';
import { Stage } from '../support/stage.js';
import { until } from '../support/until.js';

const stage = new Stage();
const start = startCommand(clientProgram);
const status = statusVerb('client', newStatusLines).command(clientPlace);

async function outputOf(command: typeof start, flags: Flags): Promise<string> {
  const { stdout } = await captured(async () => {
    await command.run?.(flags);
  });
  return stdout;
}

describe('the commands of the client', () => {
  const before = process.env['XDG_STATE_HOME'];
  beforeAll(() => {
    process.env['XDG_STATE_HOME'] = stage.newPath();
  });
  afterAll(() => {
    if (before === undefined) delete process.env['XDG_STATE_HOME'];
    else process.env['XDG_STATE_HOME'] = before;
  });

  test('start it until it is stopped, and show its status, even at the default socket', async () => {
    const server = await stage.server();
    const socket = join(process.env['XDG_STATE_HOME'] ?? '', 'relay', 'client.sock');
    const flags = { server: server.invitation(), forward: ['0=192.0.2.53:53'], engine: 'dgram', 'log-level': 'error' };
    const shown: string[] = [];
    const output = await captured(async () => {
      const ended = start.run?.(flags);
      await until(() => existsSync(socket) && server.sessions.length === 1);
      shown.push(await outputOf(status, {}), await outputOf(status, { admin: socket, json: true }));
      await askAdmin(socket, 'stop');
      await ended;
    });
    expect(output.stdout).toMatch(/^relay-client ready: forward 127\.0\.0\.1:\d+ -> 192\.0\.2\.53:53$/m);
    expect(shown[0]).toMatch(/^relay-client to 127\.0\.0\.1:\d+ {3}connected/);
    expect(JSON.parse(shown[1] ?? '')).toMatchObject({ program: 'relay-client', state: 'connected' });
    expect(existsSync(socket)).toBe(false);
    await until(() => server.sessions.length === 0);
  });

  test('report for status that no client runs, or the option that it needs if the socket is off', async () => {
    await expect(outputOf(status, {})).rejects.toMatchObject({ exitCode: EXIT.unreachable });
    await expect(outputOf(status, { admin: 'off' })).rejects.toMatchObject({ exitCode: EXIT.usage });
  });
});
