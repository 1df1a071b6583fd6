import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Flags } from '@relay/program';
import { parseInvitation } from '@relay/session';
import { serverPlace } from '../../src/place.js';
import { serverVerbs } from '../../src/program.js';
import { captured } from '../support/captured.js';
import { Stage } from '../support/started.js';

const stage = new Stage();

async function invite(flags: Flags): Promise<{ at: string; stderr: string }> {
  const command = serverVerbs.find((verb) => verb.name === 'invite')?.command(serverPlace);
  const { stdout, stderr } = await captured(() => Promise.resolve(command?.run?.({ name: 'ada', ...flags })));
  const invitation = parseInvitation(stdout.trim());
  if (typeof invitation === 'string') throw new Error(invitation);
  return { at: `${invitation.host}:${invitation.port}`, stderr };
}

describe('the place that an invitation names', () => {
  test('is the public address of the running server, whatever the command knows of it', async () => {
    const { own } = await stage.server({ public: 'relay.example.com:4444' });
    expect((await invite({ state: own.state.path })).at).toBe('relay.example.com:4444');
  });

  test('has the port that the running server has got from the system', async () => {
    const { own } = await stage.server({ public: 'relay.example.com' });
    const { port } = own.server.local;
    expect((await invite({ state: own.state.path })).at).toBe(`relay.example.com:${port}`);
    expect((await invite({ state: own.state.path, name: 'bob', public: 'other.example' })).at).toBe(
      `other.example:${port}`,
    );
  });

  test('is that of the last server while none runs', async () => {
    const running = await stage.server({ public: 'relay.example.com:4444' });
    const { path: state } = running.own.state;
    await running.close();
    expect((await invite({ state })).at).toBe('relay.example.com:4444');
    expect((await invite({ state, name: 'bob', public: 'other.example' })).at).toBe('other.example:4444');
    expect((await invite({ state, name: 'eve', listen: '192.0.2.1:9' })).at).toBe('192.0.2.1:9');
  });

  test('is the configured one while none has run, or if what is kept is spoilt', async () => {
    const state = stage.newPath();
    expect((await invite({ state, public: 'relay.example:7000' })).at).toBe('relay.example:7000');
    writeFileSync(join(state, 'public-address'), 'spoilt\n');
    expect((await invite({ state, name: 'bob' })).at).toBe(`${hostname()}:7878`);
  });

  test('changes with a reload of the running server', async () => {
    const file = `${stage.newPath()}.toml`;
    writeFileSync(file, 'public = "old.example:1"\n');
    const running = await stage.server({ config: file });
    writeFileSync(file, 'public = "new.example:2"\n');
    expect(await running.reload()).toEqual([expect.stringMatching(/^public: .*\)$/)]);
    expect((await invite({ state: running.own.state.path })).at).toBe('new.example:2');
  });

  test.each([
    ['is told if it is only the name of this host', '[::]:7878', hostname().includes('.') ? 0 : 1],
    ['is not worth a word if it is an address', '192.0.2.1:7878', 0],
  ])('%s', async (_, listen, lines) => {
    const { stderr } = await invite({ state: stage.newPath(), listen });
    expect(stderr.match(/^relay-server: the invitation names this host as .*--public/gm) ?? []).toHaveLength(lines);
  });
});

describe('a server whose state folder was removed while it runs', () => {
  const ANOTHER_KEY = /has another key than .*: give its own folder with --state, or start it again/;

  test('is asked for its key: invite refuses, and makes nothing', async () => {
    const admin = `${stage.newPath()}.sock`;
    const { own } = await stage.server({ admin });
    const { path: state } = own.state;
    rmSync(state, { recursive: true });
    await expect(invite({ state, admin })).rejects.toThrow(ANOTHER_KEY);
    expect(existsSync(state)).toBe(false);
  });

  test('holds the lock while only its key is gone: invite refuses without an admin socket', async () => {
    const { own } = await stage.server({ admin: 'off' });
    const { path: state } = own.state;
    rmSync(join(state, 'server.key'));
    await expect(invite({ state, admin: 'off' })).rejects.toThrow(ANOTHER_KEY);
    expect(existsSync(join(state, 'server.key'))).toBe(false);
  });

  test('cannot be asked if its admin socket was removed too: invite says that it made a key', async () => {
    const running = await stage.server();
    const { own } = running;
    const client = await stage.client(running, 'bob', { allow: [] });
    const { path: state } = own.state;
    rmSync(state, { recursive: true });
    expect((await invite({ state })).stderr).toContain(`made a server's key in ${state}: a server that runs already`);
    expect(() => own.lookAtClients(['ada'])).toThrow(/was replaced, and has another key than the running server/);
    await expect(own.reloadClients()).rejects.toThrow(/start the server again/);
    expect([own.clients.list().map(({ name }) => name), client.ends]).toEqual([['bob', 'default'], []]);
  });
});
