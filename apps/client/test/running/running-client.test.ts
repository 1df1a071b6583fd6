import { existsSync, writeFileSync } from 'node:fs';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeName, encodeResolvedName, REQUEST, STATUS } from '@relay/packet';
import { askAdmin, EXIT, LiveConfiguration, metricsOf, Service } from '@relay/program';
import { isNativeAvailable } from '@relay/socket';
import { clientSchema } from '../../src/options.js';
import { clientProgram } from '../../src/program.js';
import { flowStatuses } from '../../src/status.js';
import { captured } from '../support/captured.js';
import { logRecords } from '../support/log-records.js';
import { Stage } from '../support/stage.js';
import { until } from '../support/until.js';

const stage = new Stage();
const TARGET = '192.0.2.53:53';

/** Returns a port that was free a moment ago. */
async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  await new Promise<void>((resolve) => {
    socket.close(() => resolve());
  });
  return port;
}

describe('a running client', () => {
  test('carries datagrams of local applications to their targets and the replies back, and reports that', async () => {
    const server = await stage.server();
    const [one, other] = [await stage.application(), await stage.application()];
    const client = await stage.client(server.invitation(), { forward: [`0=${TARGET}`] });
    const { running } = client;
    await until(() => running.status().state === 'connected');
    one.send('hello', client.port());
    await until(() => one.replies.length === 1);
    one.send('again', client.port());
    other.send('other', client.port());
    await until(() => one.replies.length === 2 && other.replies.length === 1);
    expect(server.arrivals.sort()).toEqual([`again to ${TARGET}`, `hello to ${TARGET}`, `other to ${TARGET}`]);
    expect(one.replies).toEqual(['hello', 'again'].map((payload) => ({ payload, from: client.port() })));
    const carried = { inDatagrams: 3, inBytes: 15, outDatagrams: 3, outBytes: 15, drops: {} };
    const status = running.status();
    expect(status).toMatchObject({
      program: 'relay-client',
      pid: process.pid,
      server: `127.0.0.1:${server.port}`,
      state: 'connected',
      engine: 'dgram',
      forwards: [{ mapping: `127.0.0.1:${client.port()} -> ${TARGET}`, flows: 2, isResolved: true }],
      flows: 2,
      forward: { toTarget: carried, fromTarget: carried },
    });
    expect(status.packets.in).toBeGreaterThan(3);
    expect(status.session?.packetsOut).toBeGreaterThan(3);
    const flows = flowStatuses(running.client);
    expect(flows.map(({ source, target }) => `${source} ${target}`)).toEqual([
      `127.0.0.1:${one.port} ${TARGET}`,
      `127.0.0.1:${other.port} ${TARGET}`,
    ]);
    for (const { idleMs } of flows) expect(idleMs >= 0 && idleMs < 60_000).toBe(true);
    expect(metricsOf(status)).toMatchObject({ flows: 2, eventLoopUtilization: status.health.eventLoopUtilization });
    expect(metricsOf(status)).not.toHaveProperty('health');
  });

  test('carries datagrams that need several packets', async () => {
    const server = await stage.server();
    const application = await stage.application();
    const client = await stage.client(server.invitation(), { forward: [`0=${TARGET}`], 'max-packet': '1280' });
    await until(() => client.running.status().state === 'connected');
    application.send('x'.repeat(9000), client.port());
    await until(() => application.replies.length === 1);
    expect(application.replies[0]?.payload).toBe('x'.repeat(9000));
  });

  test('drops and counts datagrams before there is a session, and lists at most its limit of flows', async () => {
    const application = await stage.application();
    const server = await stage.server();
    const client = await stage.client(server.invitation(), {
      forward: Array.from({ length: 10 }, (_, i) => `0=192.0.2.53:${i + 100}`),
    });
    const { client: relay } = client.running;
    application.send('early', client.port());
    await until(() => relay.shard.accounts.forward.toTarget.toJSON().inDatagrams === 1);
    const { drops, outDatagrams } = relay.shard.accounts.forward.toTarget.toJSON();
    expect((drops['no-session'] ?? 0) + outDatagrams).toBe(1);
    await until(() => relay.channel.state === 'connected');
    const sockets = await Promise.all(Array.from({ length: 101 }, () => stage.application()));
    for (const socket of sockets) for (let i = 0; i < 10; i++) socket.send('x', client.port(i));
    await until(() => relay.shard.flows.size >= 1001);
    expect(flowStatuses(relay)).toHaveLength(1000);
  });

  test('answers from the address that the application sent to', async () => {
    const server = await stage.server();
    const client = await stage.client(server.invitation(), { forward: [`0.0.0.0:0=${TARGET}`], engine: 'auto' });
    await until(() => client.running.status().state === 'connected');
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    socket.send('x', client.port(), '127.0.0.9');
    const [, { address }] = (await once(socket, 'message')) as [Buffer, { address: string }];
    socket.close();
    // Only the native engine knows and chooses the address.
    expect(address).toBe(isNativeAvailable() ? '127.0.0.9' : '127.0.0.1');
  });

  test('listens on as many ports as the target has, one for each', async () => {
    const server = await stage.server();
    const application = await stage.application();
    const free = createSocket('udp4').bind(0, '127.0.0.1');
    await once(free, 'listening');
    const first = Math.min(free.address().port, 65_000);
    free.close();
    const listen = `127.0.0.3:${first}-${first + 2}`;
    const client = await stage.client(server.invitation(), { forward: [`${listen}=192.0.2.53:100-102`] });
    await until(() => client.running.status().state === 'connected');
    const [status] = client.running.status().forwards;
    expect(status?.mapping).toBe(`${listen} -> 192.0.2.53:100-102`);
    const sender = createSocket('udp4');
    sender.send('x', first + 2, '127.0.0.3');
    await until(() => server.arrivals.length === 1);
    sender.close();
    expect(server.arrivals).toEqual(['x to 192.0.2.53:102']);
    expect(application.replies).toEqual([]);
  });

  test('lets the server resolve the name of a target, and then announces the forward', async () => {
    const server = await stage.server();
    const application = await stage.application();
    server.onRequest = (request) => {
      const name = decodeName(request.body);
      expect(request.request).toBe(REQUEST.resolve);
      expect(name).toEqual({ name: 'dns.example' });
      server.answer(request, STATUS.done, encodeResolvedName({ ttlMs: 60_000, addresses: ['192.0.2.99'] }));
    };
    let client: Awaited<ReturnType<Stage['client']>> | undefined;
    const { stdout } = await captured(async () => {
      client = await stage.client(server.invitation(), { forward: ['0=dns.example:53', `0=${TARGET}`] });
      const { running } = client;
      expect(running.status().forwards.map(({ isResolved }) => isResolved)).toEqual([false, true]);
      await until(() => running.status().forwards.every(({ isResolved }) => isResolved));
    });
    if (client === undefined) throw new Error('there is no client');
    expect(stdout.split('\n')).toEqual([
      `relay-client ready: forward 127.0.0.1:${client.port(1)} -> ${TARGET}`,
      `relay-client ready: forward 127.0.0.1:${client.port(0)} -> dns.example:53`,
      '',
    ]);
    application.send('x', client.port(0));
    await until(() => application.replies.length === 1);
    expect(server.arrivals).toEqual(['x to 192.0.2.99:53']);
  });

  test('reports a name that cannot be resolved, and drops datagrams for it', async () => {
    const server = await stage.server();
    const application = await stage.application();
    server.onRequest = (request) => server.answer(request, STATUS.notFound, new Uint8Array(0));
    const client = await stage.client(server.invitation(), { forward: ['0=dns.example:53'] });
    await until(() => client.messages.some((message) => String(message).includes('cannot resolve')));
    expect(client.log).toContainEqual(expect.objectContaining({ level: 'warn', name: 'dns.example' }));
    application.send('x', client.port());
    await until(() => client.running.client.shard.accounts.forward.toTarget.toJSON().inDatagrams === 1);
    expect(client.running.client.shard.accounts.forward.toTarget.toJSON().drops).toEqual({ unresolved: 1 });
    expect(client.running.status().forwards[0]?.isResolved).toBe(false);
  });

  test('reports why the server refuses a flow', async () => {
    const server = await stage.server();
    const application = await stage.application();
    server.refusal = 'denied-by-policy';
    const client = await stage.client(server.invitation(), { forward: [`0=${TARGET}`] });
    await until(() => client.running.status().state === 'connected');
    application.send('x', client.port());
    await until(() => client.log.some(({ target }) => target === TARGET));
    const remedy = `the invitation does not allow it: ask for one made with --allow ${TARGET}`;
    expect(client.log).toContainEqual(expect.objectContaining({ level: 'warn', reason: 'denied-by-policy', remedy }));
  });

  test('connects again after the server has ended its session, and reports both', async () => {
    const server = await stage.server();
    const client = await stage.client(server.invitation(), { forward: [`0=${TARGET}`] });
    await until(() => client.messages.includes('connected') && server.sessions.length === 1);
    const [session] = server.sessions;
    if (session === undefined) throw new Error('there is no session');
    server.end(session, 'shutdown');
    await until(() => client.messages.filter((message) => message === 'connected').length === 2);
    const [first, ended] = client.log;
    expect(first).toMatchObject({ level: 'info', server: `127.0.0.1:${server.port}`, as: 'ada' });
    expect(ended).toMatchObject({ level: 'warn', reason: 'shutdown', server: `127.0.0.1:${server.port}` });
    expect(client.log).toHaveLength(3);
  });

  test('says that its invitation has expired, where that ended its session', async () => {
    const server = await stage.server();
    const client = await stage.client(server.invitation(), { forward: [`0=${TARGET}`] });
    await until(() => client.messages.includes('connected') && server.sessions.length === 1);
    for (const session of server.sessions) server.end(session, 'expired');
    await until(() => client.log.length === 2);
    const message = 'the invitation has expired: ask for another one (relay-server invite NAME)';
    expect(client.log.at(-1)).toMatchObject({ level: 'warn', message, reason: 'expired' });
  });

  test('reports when the server falls silent and when it answers again, and keeps its session', async () => {
    const server = await stage.server();
    const application = await stage.application();
    const client = await stage.client(server.invitation(), { forward: [`0=${TARGET}`] });
    await until(() => client.running.status().state === 'connected' && server.sessions.length === 1);
    const before = server.sessions.map(({ id }) => id);
    await server.fallSilent();
    application.send('lost', client.port());
    await until(() => client.running.status().state === 'path-lost');
    await server.comeBack();
    await until(() => client.messages.at(-1) === 'the server answers again');
    expect(client.running.status().state).toBe('connected');
    expect(server.sessions.map(({ id }) => id)).toEqual(before);
    expect(client.log.map(({ level }) => level)).toEqual(['info', 'warn', 'info']);
  });

  test('reports once that no server answers', async () => {
    const silent = createSocket('udp4').bind(0, '127.0.0.1');
    await once(silent, 'listening');
    const server = await stage.server();
    const invitation = server.invitation('127.0.0.1', silent.address().port);
    const client = await stage.client(invitation, { forward: [`0=${TARGET}`] });
    await until(() => client.log.length > 0);
    expect(client.log).toEqual([
      expect.objectContaining({ level: 'warn', server: `127.0.0.1:${silent.address().port}` }),
    ]);
    expect(client.messages[0]).toMatch(/^no answer from the server/);
    expect(client.running.status()).toMatchObject({ state: 'connecting', session: undefined });
    expect(client.running.serverName).toBe(`127.0.0.1:${silent.address().port}`);
    await client.close();
    silent.close();
  });

  test('that is closed reports no lost session, and informs the server', async () => {
    const server = await stage.server();
    const client = await stage.client(server.invitation(), { forward: [`0=${TARGET}`] });
    await until(() => client.running.status().state === 'connected' && server.sessions.length === 1);
    const { socket, forwards } = client.running.client;
    await client.close();
    await until(() => server.sessions.length === 0);
    expect(client.messages).toEqual(['connected']);
    expect(socket.state).toBe('closed');
    expect(forwards[0]?.ports[0]?.socket.state).toBe('closed');
  });

  test('writes metrics at its interval', async () => {
    const server = await stage.server();
    const client = await stage.client(server.invitation(), { forward: [`0=${TARGET}`], 'metrics-interval': '1s' });
    await until(() => existsSync(client.logDir) && logRecords(client.logDir, 'metrics').length > 0);
    expect(logRecords(client.logDir, 'metrics')[0]).toMatchObject({ program: 'relay-client', flows: 0 });
  });

  test.each([
    ['no server', { forward: [`0=${TARGET}`] }, /no server: give the invitation/],
    ['nothing to forward', { forward: [], server: 'yes' }, /nothing to do/],
  ])('does not start with %s', async (_what, flags, message) => {
    const server = await stage.server();
    const given = 'server' in flags ? { ...flags, server: server.invitation() } : flags;
    const start = Service.start(clientProgram, new LiveConfiguration(clientSchema, given), () => undefined);
    await expect(start).rejects.toMatchObject({ exitCode: EXIT.usage });
    await expect(start).rejects.toThrow(message);
  });

  test('applies the forwards of a changed file, and those that stay lose nothing', async () => {
    const server = await stage.server();
    const application = await stage.application();
    const [config, admin] = [`${stage.newPath()}.toml`, join(stage.newPath(), 'admin.sock')];
    const [kept, gone, added] = await Promise.all(['kept', 'gone', 'added'].map(() => freePort()));
    const file = (...ports: readonly unknown[]): string =>
      ports.map((port) => `[[forward]]\nlisten = ${String(port)}\ntarget = "${TARGET}"\n`).join('\n');
    writeFileSync(config, file(kept, gone));
    const client = await stage.client(server.invitation(), { forward: undefined, config, admin });
    await until(() => client.running.status().state === 'connected');
    application.send('before', kept ?? 0);
    await until(() => application.replies.length === 1);
    writeFileSync(config, file(added, kept));
    const { changes } = (await askAdmin(admin, 'reload')) as { changes: string[] };
    expect(changes).toEqual([expect.stringMatching(/^forward: .*[^t]$/)]);
    expect(changes[0]).not.toContain('restart');
    for (const port of [kept, added]) application.send('after', port ?? 0);
    await until(() => application.replies.length === 3);
    expect(client.running.status().forwards.map(({ mapping, flows }) => `${mapping} ${flows}`)).toEqual([
      `127.0.0.1:${added ?? 0} -> ${TARGET} 1`,
      `127.0.0.1:${kept ?? 0} -> ${TARGET} 1`,
    ]);
    const again = createSocket('udp4').bind(gone, '127.0.0.1');
    await once(again, 'listening');
    writeFileSync(config, file(gone, kept));
    await expect(askAdmin(admin, 'reload')).rejects.toThrow(`cannot listen on 127.0.0.1:${gone ?? 0}`);
    again.close();
    expect(client.running.status().forwards).toHaveLength(2);
    // The refused change can be requested again, because nothing of it was applied.
    expect(await askAdmin(admin, 'reload')).toEqual({ changes: [expect.stringContaining('forward')] });
    expect(client.running.status().forwards[0]?.mapping).toBe(`127.0.0.1:${gone ?? 0} -> ${TARGET}`);
  });

  test('does not start if a port is taken, names the port, and leaves no other port open', async () => {
    const server = await stage.server();
    const taken = createSocket('udp4').bind(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address();
    const other = createSocket('udp4').bind(0, '127.0.0.1');
    await once(other, 'listening');
    const free = other.address().port;
    await new Promise<void>((resolve) => {
      other.close(() => resolve());
    });
    const start = stage.client(server.invitation(), { forward: [`${free}=${TARGET}`, `${port}=${TARGET}`] });
    await expect(start).rejects.toThrow(`cannot listen on 127.0.0.1:${port}: the address is in use`);
    taken.close();
    const again = createSocket('udp4').bind(free, '127.0.0.1');
    await once(again, 'listening');
    again.close();
  });
});

describe('a client whose server has a name', () => {
  test('looks the name up, and tries each address until one answers', async () => {
    const server = await stage.server();
    const client = await stage.client(server.invitation('localhost'), { forward: [`0=${TARGET}`] });
    await until(() => client.running.status().state === 'connected');
    expect(client.running.serverName).toBe(`localhost:${server.port}`);
    // The server has IPv4 only. A socket for both families shows its mapped address.
    expect(client.running.status().server).toMatch(/127\.0\.0\.1/);
    await until(() => client.messages.at(-1) === 'connected');
  });

  test('still searches for the server if the name does not exist', async () => {
    const server = await stage.server();
    const client = await stage.client(server.invitation('no-such-name.invalid'), { forward: [`0=${TARGET}`] });
    await until(() => client.log.length > 0);
    expect(client.messages[0]).toMatch(/^the server's name cannot be resolved/);
    expect(client.running.status()).toMatchObject({
      state: 'connecting',
      server: `no-such-name.invalid:${server.port}`,
    });
  });
});

describe('the admin socket of a running client', () => {
  const before = process.env['XDG_STATE_HOME'];
  beforeAll(() => {
    process.env['XDG_STATE_HOME'] = stage.newPath();
  });
  afterAll(() => {
    if (before === undefined) delete process.env['XDG_STATE_HOME'];
    else process.env['XDG_STATE_HOME'] = before;
  });

  test('returns its status, changes its level, and stops it', async () => {
    const server = await stage.server();
    const admin = join(stage.newPath(), 'admin.sock');
    let stops = 0;
    await stage.client(server.invitation(), { forward: [`0=${TARGET}`], admin }, () => stops++);
    expect(await askAdmin(admin, 'status')).toMatchObject({ program: 'relay-client' });
    expect(await askAdmin(admin, 'log', { level: 'warn' })).toEqual({ level: 'warn' });
    expect(await askAdmin(admin, 'reload')).toEqual({ changes: [] });
    expect(stops).toBe(0);
    expect(await askAdmin(admin, 'stop')).toEqual({ pid: process.pid });
    expect(stops).toBe(1);
  });

  test('has the default path for the first client, and for others their own path, which they name', async () => {
    const server = await stage.server();
    const state = join(process.env['XDG_STATE_HOME'] ?? '', 'relay');
    const flags = { forward: [`0=${TARGET}`], admin: undefined };
    await stage.client(server.invitation(), flags);
    const second = await stage.client(server.invitation(), flags);
    const own = join(state, `client-${process.pid}.sock`);
    expect(await askAdmin(join(state, 'client.sock'), 'ping')).toBe(process.pid);
    expect(await askAdmin(own, 'ping')).toBe(process.pid);
    await until(() => second.log.length > 0);
    expect(second.log).toContainEqual(expect.objectContaining({ admin: own }));
    await second.close();
    await expect(askAdmin(own, 'ping')).rejects.toMatchObject({ exitCode: EXIT.unreachable });
  });

  test('prevents the start of a client if the requested path is taken', async () => {
    const server = await stage.server();
    const admin = join(stage.newPath(), 'admin.sock');
    await stage.client(server.invitation(), { forward: [`0=${TARGET}`], admin });
    const second = stage.client(server.invitation(), { forward: [`0=${TARGET}`], admin });
    await expect(second).rejects.toThrow(/another process listens/);
  });
});
