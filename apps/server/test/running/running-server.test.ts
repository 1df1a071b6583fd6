import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  decodeResolvedName,
  encodeCompactHeader,
  encodeName,
  FLOW_OPENED_BY_SERVER,
  REQUEST,
  STATUS,
} from '@relay/packet';
import { askAdmin, EXIT, metricsOf } from '@relay/program';
import { parseInvitation } from '@relay/session';
import { replaceFile } from '../../src/state/atomic-file.js';
import { logRecords } from '../support/log-records.js';
import { LoopbackClient } from '../support/loopback-client.js';
import { firstInvitation, Stage } from '../support/started.js';
import { until } from '../support/until.js';

const stage = new Stage();
const LOOPBACK = '127.0.0.1';
const toEcho = (port: number) => ({ allow: [`${LOOPBACK}:${port}`] });

describe('a server', () => {
  test('makes an invitation at its first start only, with which a client comes in', async () => {
    const state = stage.newPath();
    const { running: first, said } = await stage.start({ state });
    const invitation = firstInvitation(said) ?? '';
    expect(parseInvitation(invitation)).toMatchObject({
      name: 'default',
      host: LOOPBACK,
      port: first.own.server.local.port,
      serverPublicKey: first.own.state.staticKey.publicKey,
    });
    const client = await new LoopbackClient(invitation, first.own.server.local).connect();
    expect(first.own.server.sessions()).toHaveLength(1);
    await client.close();
    await first.close();
    const { running: second, said: saidAgain } = await stage.start({ state });
    expect(firstInvitation(saidAgain)).toBeUndefined();
    expect(second.own.clients.list().map(({ name }) => name)).toEqual(['default']);
  });

  test('carries datagrams to a target and its replies back, and says so', async () => {
    const running = await stage.server();
    const echo = await stage.echo();
    const client = await stage.client(running, 'ada', toEcho(echo.port));
    client.send({ address: LOOPBACK, port: echo.port }, 'hello');
    await until(() => client.replies.length === 1);
    expect(client.replies).toEqual(['hello']);
    client.send({ address: LOOPBACK, port: echo.port }, 'again');
    client.send({ address: LOOPBACK, port: echo.port }, 'from another', 1001);
    await until(() => client.replies.length === 3);
    const { server } = running.own;
    const status = running.own.status();
    expect(status).toMatchObject({
      program: 'relay-server',
      pid: process.pid,
      listen: `${LOOPBACK}:${server.local.port}`,
      engine: 'dgram',
      sessions: 1,
      flows: 2,
    });
    const carried = { inDatagrams: 3, inBytes: 22, outDatagrams: 3, outBytes: 22, drops: {} };
    expect(status.forward).toEqual({ toTarget: carried, fromTarget: carried });
    expect(status.packets.in).toBeGreaterThan(3);
    const [session] = server.sessions();
    expect(server.sessions()).toEqual([
      {
        id: expect.any(Number),
        client: 'ada',
        endpoint: `${LOOPBACK}:${client.socket.local.port}`,
        connectedMs: expect.any(Number),
        flows: 2,
        statistics: expect.objectContaining({ packetsIn: session?.statistics.packetsIn }),
      },
    ]);
    expect(session?.connectedMs).toBeGreaterThan(0);
    const flows = server.flows(10);
    expect(flows).toHaveLength(2);
    expect(flows[0]).toEqual({
      session: session?.id,
      client: 'ada',
      mode: 'forward',
      id: expect.any(Number),
      source: `${LOOPBACK}:1000`,
      target: `${LOOPBACK}:${echo.port}`,
      idleMs: expect.any(Number),
    });
    expect(server.flows(1)).toHaveLength(1);
    expect(server.flows(2)).toHaveLength(2);
    const metrics = metricsOf(status);
    expect(metrics).toMatchObject({ sessions: 1, eventLoopUtilization: status.health.eventLoopUtilization });
    expect(metrics).not.toHaveProperty('health');
  });

  test('carries datagrams that need several packets', async () => {
    const running = await stage.server();
    const echo = await stage.echo();
    const client = await stage.client(running, 'ada', toEcho(echo.port));
    const large = 'x'.repeat(9000);
    client.send({ address: LOOPBACK, port: echo.port }, large);
    await until(() => client.replies.length === 1);
    expect(client.replies[0]).toBe(large);
  });

  test('refuses a target that the invitation does not name', async () => {
    const running = await stage.server();
    const echo = await stage.echo();
    const client = await stage.client(running, 'ada', toEcho(echo.port));
    client.send({ address: LOOPBACK, port: 9 }, 'x');
    await until(() => client.refusals.length === 1);
    expect(client.refusals).toEqual(['denied-by-policy']);
    expect(running.own.server.figures().forward.toTarget.drops).toEqual({ 'denied-by-policy': 1 });
    expect(running.own.server.figures().flows).toBe(0);
  });

  test.each([
    ['the server takes', { 'max-flows': '1' }],
    ['one client may have', { 'max-flows-per-client': '1' }],
  ])('refuses a new source where as many flows as %s go on', async (_what, flags) => {
    const running = await stage.server(flags);
    const echo = await stage.echo();
    const client = await stage.client(running, 'ada', toEcho(echo.port));
    for (const count of [1, 2]) {
      client.send({ address: LOOPBACK, port: echo.port }, 'x', 1000);
      await until(() => client.replies.length === count);
    }
    client.send({ address: LOOPBACK, port: echo.port }, 'x', 1001);
    await until(() => client.refusals.length === 1);
    expect(client.refusals).toEqual(['flow-limit']);
    expect(running.own.server.figures().forward.toTarget.drops).toEqual({ 'flow-limit': 1 });
    expect(running.own.server.figures().flows).toBe(1);
  });

  test('counts frames that it cannot take', async () => {
    const running = await stage.server();
    const client = await stage.client(running, 'ada', { allow: [] });
    const frame = new Uint8Array(20);
    encodeCompactHeader(frame, 0, FLOW_OPENED_BY_SERVER);
    client.sendFrames(frame);
    await until(() => running.own.server.figures().packetDrops['unknown-flow'] === 1);
    expect(running.own.status().packets.drops).toEqual({ 'unknown-flow': 1 });
  });

  test('is no target of its own clients', async () => {
    const running = await stage.server();
    const { port } = running.own.server.local;
    const client = await stage.client(running, 'ada', { allow: ['127.0.0.0/8'] });
    client.send({ address: LOOPBACK, port }, 'x');
    client.send({ address: '127.0.0.2', port }, 'x');
    await until(() => running.own.server.figures().forward.toTarget.inDatagrams === 2);
    expect(running.own.server.figures().forward.toTarget.drops).toEqual({ loop: 2 });
  });

  test('says that a target is not there, and keeps its flow', async () => {
    const logDir = stage.newPath();
    const running = await stage.server({ 'log-dir': logDir, 'log-level': 'info' });
    const echo = await stage.echo();
    const { port } = echo;
    await echo.close();
    const client = await stage.client(running, 'ada', toEcho(port));
    client.send({ address: LOOPBACK, port }, 'x');
    await until(() => client.refusals.length === 1);
    expect(client.refusals).toEqual(['unreachable']);
    expect(running.own.status()).toMatchObject({ flows: 1, targetErrors: { 'connection-refused': 1 } });
    await running.close();
    expect(logRecords(logDir)).toContainEqual(
      expect.objectContaining({ message: 'a target cannot be reached', client: 'ada', target: `${LOOPBACK}:${port}` }),
    );
  });

  test('ends flows after their idle time', async () => {
    const running = await stage.server({ idle: '1s' });
    const echo = await stage.echo();
    const client = await stage.client(running, 'ada', toEcho(echo.port));
    client.send({ address: LOOPBACK, port: echo.port }, 'x');
    await until(() => running.own.server.figures().flows === 1);
    await until(() => running.own.server.figures().flows === 0);
    expect(client.channel.state).toBe('connected');
  });

  test('resolves names for its clients, and refuses what it does not know', async () => {
    const running = await stage.server();
    const client = await stage.client(running, 'ada', { allow: ['127.0.0.0/8', '::1'] });
    client.request(REQUEST.resolve, encodeName('localhost'));
    await until(() => client.answers.length === 1);
    const resolved = decodeResolvedName(client.answers[0]?.body ?? new Uint8Array(0));
    if (typeof resolved === 'string') throw new Error(resolved);
    expect(client.answers[0]?.status).toBe(STATUS.done);
    expect(resolved.ttlMs).toBe(300_000);
    expect(['127.0.0.1', '::1']).toEqual(expect.arrayContaining([...resolved.addresses]));
    expect(resolved.addresses.length).toBeGreaterThan(0);
    expect(new Set(resolved.addresses).size).toBe(resolved.addresses.length);
    client.request(REQUEST.resolve, new Uint8Array(1).fill(0xff));
    await until(() => client.answers.length === 2);
    expect(client.answers[1]?.status).toBe(STATUS.malformed);
    client.request(200, new Uint8Array(0));
    await until(() => client.answers.length === 3);
    expect(client.answers[2]?.status).toBe(STATUS.unsupported);
  });

  test('ends the sessions of a client whose file is removed, by itself', async () => {
    const running = await stage.server();
    const client = await stage.client(running, 'ada', { allow: [] });
    const bob = await stage.client(running, 'bob', { allow: [] });
    rmSync(join(running.own.state.path, 'clients', 'ada.json'));
    await until(() => client.ends.length === 1);
    expect(client.ends).toEqual(['revoked']);
    expect(bob.ends).toEqual([]);
    expect(running.own.clients.list().map(({ name }) => name)).toEqual(['bob', 'default']);
  });

  test.each([
    ['expires soon', 300],
    ['has expired', -1],
  ])('ends the sessions of a client whose file is changed so that its invitation %s', async (_when, inMs) => {
    const running = await stage.server();
    const client = await stage.client(running, 'ada', { allow: [] });
    const bob = await stage.client(running, 'bob', { allow: [], expiresInMs: 3_600_000 });
    const record = running.own.clients.list().find(({ name }) => name === 'ada');
    const expiresAt = new Date(Date.now() + inMs).toISOString();
    replaceFile(join(running.own.state.path, 'clients', 'ada.json'), JSON.stringify({ ...record, expiresAt }));
    await until(() => client.ends.length === 1);
    expect([client.ends, bob.ends]).toEqual([['expired'], []]);
  });

  test('has written the newest timestamps of its clients when it has ended', async () => {
    const running = await stage.server();
    await stage.client(running, 'ada', { allow: [] });
    const { path } = running.own.state;
    const ada = running.own.clients.list().find(({ name }) => name === 'ada');
    await running.close();
    expect(readFileSync(join(path, 'newest-timestamps'), 'utf8')).toMatch(
      new RegExp(`^${ada?.publicKey ?? ''} [0-9a-f]{20,24}\n$`),
    );
  });

  test('tells its clients of its end, logs it, and closes every socket', async () => {
    const logDir = stage.newPath();
    const running = await stage.server({ 'log-dir': logDir, 'log-level': 'info' });
    const echo = await stage.echo();
    const client = await stage.client(running, 'ada', toEcho(echo.port));
    client.send({ address: LOOPBACK, port: echo.port }, 'x');
    await until(() => client.replies.length === 1);
    const { server } = running.own;
    const { local, socket } = server;
    await running.close();
    await until(() => client.ends.length === 1);
    expect(client.ends).toEqual(['shutdown']);
    expect([server.figures().flows, socket.state]).toEqual([0, 'closed']);
    const ended = { message: 'client disconnected', client: 'ada', reason: 'shutdown' };
    expect(logRecords(logDir)).toContainEqual(expect.objectContaining(ended));
    const next = createSocket('udp4').bind(local.port, LOOPBACK);
    await once(next, 'listening');
    next.close();
  });

  test('logs clients that come and go, and writes metrics', async () => {
    const logDir = stage.newPath();
    const running = await stage.server({
      'log-dir': logDir,
      'log-level': 'info',
      'metrics-interval': '1s',
      'max-flows': '10',
    });
    const client = await stage.client(running, 'ada', { allow: [] });
    const { id } = running.own.server.sessions()[0] ?? {};
    await until(() => existsSync(logDir) && logRecords(logDir, 'metrics').length > 0);
    await client.close();
    await until(() => running.own.server.figures().sessions === 0);
    rmSync(join(running.own.state.path, 'clients', 'ada.json'));
    await until(() => running.own.clients.size === 1);
    await running.close();
    // A busy machine may log its load too.
    const records = logRecords(logDir).filter(({ message }) => message !== 'load changed');
    const from = `${LOOPBACK}:${client.socket.local.port}`;
    expect(records.map(({ message }) => message)).toEqual([
      'listening',
      'client connected',
      'client disconnected',
      'client revoked',
    ]);
    expect(records[0]).toMatchObject({
      on: `${LOOPBACK}:${running.own.server.local.port}`,
      engine: 'dgram',
      clients: 1,
    });
    expect(records[1]).toMatchObject({ client: 'ada', session: id, from });
    expect(records[2]).toMatchObject({ client: 'ada', session: id, from, reason: 'closed-by-peer' });
    expect(records[3]).toMatchObject({ client: 'ada' });
    expect(logRecords(logDir, 'metrics')[0]).toMatchObject({ program: 'relay-server', sessions: 1 });
  });

  test('that cannot listen leaves nothing behind: the next start is the first', async () => {
    const taken = createSocket('udp4').bind(0, LOOPBACK);
    await once(taken, 'listening');
    const state = stage.newPath();
    const listen = `${LOOPBACK}:${taken.address().port}`;
    const start = stage.server({ state, listen });
    await expect(start).rejects.toMatchObject({ exitCode: EXIT.failed });
    await expect(start).rejects.toThrow(listen);
    taken.close();
    expect(existsSync(join(state, 'server.key'))).toBe(false);
    expect(firstInvitation((await stage.start({ state })).said)).toBeDefined();
  });

  test('that cannot read its state leaves no key behind that it has just made', async () => {
    const state = stage.newPath();
    const timestamps = join(state, 'newest-timestamps');
    mkdirSync(timestamps, { recursive: true });
    await expect(stage.server({ state })).rejects.toThrow(`cannot read ${timestamps}: it is no regular file`);
    expect(existsSync(join(state, 'server.key'))).toBe(false);
  });

  test('that is to listen on an address of another host does not listen elsewhere instead', async () => {
    await expect(stage.server({ listen: '192.0.2.1:7878' })).rejects.toThrow(
      'cannot listen on 192.0.2.1:7878: this host does not have that address',
    );
  });

  test('that has clients keeps its key when it cannot start', async () => {
    const state = stage.newPath();
    await (await stage.server({ state })).close();
    rmSync(join(state, 'server.key'));
    const taken = createSocket('udp4').bind(0, LOOPBACK);
    await once(taken, 'listening');
    const listen = `${LOOPBACK}:${taken.address().port}`;
    await expect(stage.server({ state, listen })).rejects.toThrow(listen);
    taken.close();
    expect(existsSync(join(state, 'server.key'))).toBe(true);
  });
});

describe('a running server, asked over its admin socket', () => {
  test('tells its status, sessions and flows, ends a session, and stops', async () => {
    let stops = 0;
    const running = await stage.server({}, () => stops++);
    const echo = await stage.echo();
    const client = await stage.client(running, 'ada', toEcho(echo.port));
    client.send({ address: LOOPBACK, port: echo.port }, 'x');
    await until(() => client.replies.length === 1);
    const admin = join(running.own.state.path, 'admin.sock');
    expect(await askAdmin(admin, 'status')).toMatchObject({ program: 'relay-server', sessions: 1, flows: 1 });
    const [session] = running.own.server.sessions();
    expect(await askAdmin(admin, 'sessions')).toMatchObject([{ id: session?.id, client: 'ada', flows: 1 }]);
    expect(await askAdmin(admin, 'flows')).toMatchObject([{ client: 'ada', target: `${LOOPBACK}:${echo.port}` }]);
    const unknown = askAdmin(admin, 'kick', { session: 0 });
    await expect(unknown).rejects.toThrow('there is no session 0: sessions lists them');
    expect(client.ends).toEqual([]);
    expect(await askAdmin(admin, 'kick', { session: session?.id })).toEqual({ session: session?.id });
    await until(() => client.ends.length === 1);
    expect(client.ends).toEqual(['kicked']);
    expect(await askAdmin(admin, 'log', { level: 'warn' })).toEqual({ level: 'warn' });
    expect(await askAdmin(admin, 'reload')).toEqual({ changes: [] });
    expect(stops).toBe(0);
    await askAdmin(admin, 'stop');
    expect(stops).toBe(1);
  });

  test('answers nowhere where the admin socket is off, and at another path where that is configured', async () => {
    const running = await stage.server({ admin: 'off' });
    expect(existsSync(join(running.own.state.path, 'admin.sock'))).toBe(false);
    const other = stage.newPath();
    await stage.server({ admin: other });
    expect(await askAdmin(other, 'ping')).toBe(process.pid);
  });
});
