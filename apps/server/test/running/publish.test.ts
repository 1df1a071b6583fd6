import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { decodeRefusedPort, encodePublish, FEATURE, REQUEST, STATUS, type PublishRequest } from '@relay/packet';
import { askAdmin } from '@relay/program';
import { isNativeAvailable } from '@relay/socket';
import { replaceFile } from '../../src/state/atomic-file.js';
import { logRecords } from '../support/log-records.js';
import type { LoopbackClient } from '../support/loopback-client.js';
import { Stage } from '../support/started.js';
import { until } from '../support/until.js';

const stage = new Stage();
const LOOPBACK = '127.0.0.1';
const ENGINES = isNativeAvailable() ? ['dgram', 'native'] : ['dgram'];
/** What the first test measures is promised within this time, ms. */
const PROMISE_MS = 3000;

const visitors: Socket[] = [];
afterEach(() => {
  for (const visitor of visitors.splice(0)) visitor.close();
});

/** An application that sends to public ports, and collects what comes back. */
async function openVisitor(): Promise<{ send(port: number, text: string): void; readonly replies: string[] }> {
  const socket = createSocket('udp4').bind(0, LOOPBACK);
  visitors.push(socket);
  await once(socket, 'listening');
  const replies: string[] = [];
  socket.on('message', (message, { port }) => replies.push(`${port} ${message.toString()}`));
  return { send: (port, text) => socket.send(text, port, LOOPBACK), replies };
}

/** Binds this port, which is free from the next turn of the loop on if that works. */
async function isFree(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  try {
    socket.bind(port, LOOPBACK);
    await once(socket, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    await new Promise<void>((resolve) => socket.close(resolve));
  }
}

/** Any port of loopback, or all of `count` from a port on. */
const anyPort = (more: Partial<PublishRequest> = {}): PublishRequest => ({
  ...{ endpoint: { address: LOOPBACK, port: 0 }, count: 1, token: 1 },
  ...more,
});
const ALL = { allow: [], publish: ['1024-65535'] };

describe.each(ENGINES)('a server on %s', (engine) => {
  const flags = (more: Readonly<Record<string, unknown>> = {}) => ({ engine, ...more });

  test('opens 2,000 ports of one request at once', async () => {
    const running = await stage.server(flags());
    const client = await stage.client(running, 'ada', ALL);
    const answer = async (port: number): Promise<number> => {
      const asked = { endpoint: { address: LOOPBACK, port }, count: 2000 };
      return (await client.ask(REQUEST.publish, encodePublish(asked))).status;
    };
    const begin = performance.now();
    let status: number = STATUS.unavailable;
    // Another program may have one of them.
    for (let port = 11_000; port < 30_000 && status === STATUS.unavailable; port += 2000) status = await answer(port);
    const tookMs = performance.now() - begin;
    process.stdout.write(`${engine}: 2,000 ports in ${Math.round(tookMs)} ms\n`);
    expect(status).toBe(STATUS.done);
    expect(running.own.status()).toMatchObject({ publishedPorts: 2000, visitors: 0 });
    expect(tookMs).toBeLessThan(PROMISE_MS);
  });

  test('tells its clients that it takes entries in a request to publish', async () => {
    const running = await stage.server(flags());
    const { channel } = await stage.client(running, 'ada', ALL);
    await until(() => channel.session?.peerParameters !== undefined);
    expect((channel.session?.peerParameters?.features ?? 0) & FEATURE.publishEntries).not.toBe(0);
  });

  test('carries datagrams of visitors to the service of a client and its replies back, and says so', async () => {
    const running = await stage.server(flags());
    const echo = await stage.echo();
    const client = await stage.client(running, 'ada', ALL);
    const { endpoint } = await client.publish(anyPort({ name: 'game', idleMs: 30_000 }), {
      address: LOOPBACK,
      port: echo.port,
    });
    const [ada, bob] = [await openVisitor(), await openVisitor()];
    ada.send(endpoint.port, 'hello');
    bob.send(endpoint.port, 'hi');
    await until(() => ada.replies.length === 1 && bob.replies.length === 1);
    expect([ada.replies, bob.replies]).toEqual([[`${endpoint.port} hello`], [`${endpoint.port} hi`]]);
    const carried = { inDatagrams: 2, inBytes: 7, outDatagrams: 2, outBytes: 7, drops: {} };
    const status = { visitors: 2, publishedPorts: 1, publish: { toTarget: carried, fromTarget: carried } };
    expect(running.own.status()).toMatchObject(status);
    const admin = join(running.own.state.path, 'admin.sock');
    expect(await askAdmin(admin, 'status')).toMatchObject(status);
    const mapping = {
      mode: 'publish',
      client: 'ada',
      ports: `${LOOPBACK}:${endpoint.port}`,
      openPorts: 1,
      name: 'game',
    };
    expect(await askAdmin(admin, 'mappings')).toEqual([
      { ...mapping, flows: 2, maxFlows: 4096, idleMs: 30_000, state: 'open' },
    ]);
    expect(await askAdmin(admin, 'flows')).toMatchObject([{ client: 'ada', mode: 'publish' }, { client: 'ada' }]);
    expect(await client.unpublish({ endpoint, count: 1 })).toBe(STATUS.done);
    expect(await isFree(endpoint.port)).toBe(true);
    expect(running.own.status()).toMatchObject({ visitors: 0, publishedPorts: 0 });
    expect(await client.unpublish({ endpoint, count: 1 })).toBe(STATUS.notFound);
  });

  test('keeps out whom the client refuses, also where the client changes that', async () => {
    const running = await stage.server(flags());
    const echo = await stage.echo();
    const client = await stage.client(running, 'ada', ALL);
    const service = { address: LOOPBACK, port: echo.port };
    const rules = { deny: [{ address: '127.0.0.0', prefix: 8 }], token: 7 };
    const { endpoint } = await client.publish(anyPort(rules), service);
    const visitor = await openVisitor();
    const drops = () => running.own.status().publish.toTarget.drops;
    visitor.send(endpoint.port, 'refused');
    await until(() => drops()['denied-by-policy'] === 1);
    await client.publish(anyPort({ token: 7, visitorFlows: 1, replies: 1 }), service);
    visitor.send(endpoint.port, 'hello');
    await until(() => visitor.replies.length === 1);
    expect(visitor.replies).toEqual([`${endpoint.port} hello`]);
    await until(() => running.own.status().visitors === 0); // one reply was all
    await client.publish(anyPort({ token: 7, visitorFlows: 1 }), service);
    for (const other of [visitor, await openVisitor()]) other.send(endpoint.port, 'again');
    await until(() => drops()['flow-limit'] === 1);
    expect(running.own.status().visitors).toBe(1);
    await client.publish(anyPort(rules), service);
    await until(() => running.own.status().visitors === 0);
  });

  test('answers from the address that a visitor asked, on all its addresses', async () => {
    const running = await stage.server(flags());
    const echo = await stage.echo();
    const client = await stage.client(running, 'ada', ALL);
    const asked = anyPort({ endpoint: { address: '::', port: 0 } });
    const { endpoint } = await client.publish(asked, { address: LOOPBACK, port: echo.port });
    expect(endpoint.address).toBe('::');
    const visitor = await openVisitor();
    visitor.send(endpoint.port, 'hello');
    await until(() => visitor.replies.length === 1);
    expect(visitor.replies).toEqual([`${endpoint.port} hello`]);
    expect(running.own.status().publish.toTarget.drops).toEqual({});
  });

  test('names a port that another program has, and leaves none open', async () => {
    const logDir = stage.newPath();
    const running = await stage.server(flags({ 'log-dir': logDir, 'log-level': 'info' }));
    const client = await stage.client(running, 'ada', ALL);
    const other = createSocket('udp4').bind(0, LOOPBACK);
    visitors.push(other);
    await once(other, 'listening');
    const { port } = other.address();
    const first = Math.min(port - 1, 65_533);
    const body = encodePublish({ endpoint: { address: LOOPBACK, port: first }, count: 2, name: 'game' });
    const answers = [await client.ask(REQUEST.publish, body), await client.ask(REQUEST.publish, body)];
    expect(answers.map(({ status }) => status)).toEqual([STATUS.unavailable, STATUS.unavailable]);
    expect(decodeRefusedPort(answers[0]?.body ?? new Uint8Array(9))).toEqual({ port });
    expect(running.own.status().publishedPorts).toBe(0);
    expect(running.own.server.mappings()).toEqual([]);
    await running.close();
    const refusals = logRecords(logDir).filter(({ message }) => message === 'cannot publish');
    expect(refusals[0]).toMatchObject({
      ...{
        level: 'warn',
        scope: 'publish',
        client: 'ada',
        ports: `${LOOPBACK}:${first}-${first + 1}`,
        mapping: 'game',
      },
      ...{ port, reason: 'address-in-use' },
    });
    expect(refusals.slice(1)).toMatchObject([{ repeated: 1 }]);
  });

  test('keeps the ports and the visitors of a client that comes back', async () => {
    const running = await stage.server(flags());
    const echo = await stage.echo();
    const target = { address: LOOPBACK, port: echo.port };
    const invitation = stage.invite(running, 'ada', ALL);
    const before = await stage.clientOf(running, invitation);
    const { endpoint } = await before.publish(anyPort(), target);
    const visitor = await openVisitor();
    visitor.send(endpoint.port, 'hello');
    await until(() => visitor.replies.length === 1);
    await before.close();
    const states = () => running.own.server.mappings().map((mapping) => mapping.mode === 'publish' && mapping.state);
    await until(() => states()[0] === 'kept');
    expect(running.own.status()).toMatchObject({ sessions: 0, visitors: 1, publishedPorts: 1 });
    visitor.send(endpoint.port, 'lost');
    await until(() => running.own.status().publish.toTarget.drops['no-session'] === 1);
    const after = await stage.clientOf(running, invitation);
    expect(await after.publish(anyPort(), target)).toEqual({ endpoint, count: 1 });
    expect(running.own.server.mappings()).toMatchObject([{ state: 'open', flows: 1 }]);
    visitor.send(endpoint.port, 'again');
    await until(() => visitor.replies.length === 2);
    expect(visitor.replies).toEqual([`${endpoint.port} hello`, `${endpoint.port} again`]);
  });

  test('keeps the ports of a client for it over a restart, and gives them to no other', async () => {
    const state = stage.newPath();
    const first = await stage.server(flags({ state }));
    const echo = await stage.echo();
    const target = { address: LOOPBACK, port: echo.port };
    const invitation = stage.invite(first, 'ada', ALL);
    const { endpoint } = await (await stage.clientOf(first, invitation)).publish(anyPort(), target);
    const file = join(state, 'published-ports');
    await until(() => existsSync(file) && readFileSync(file, 'utf8').includes(`${LOOPBACK}:${endpoint.port} 1 1\n`));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await first.close();
    expect(await isFree(endpoint.port)).toBe(true);
    const second = await stage.server(flags({ state }));
    const bob = await stage.client(second, 'bob', ALL);
    const { status } = await bob.ask(REQUEST.publish, encodePublish({ endpoint, count: 1 }));
    expect(status).toBe(STATUS.unavailable);
    expect(second.own.server.mappings()).toMatchObject([{ client: 'ada', state: 'kept', openPorts: 0 }]);
    const ada = await stage.clientOf(second, invitation);
    expect(await ada.publish(anyPort(), target)).toEqual({ endpoint, count: 1 });
    const visitor = await openVisitor();
    visitor.send(endpoint.port, 'hello');
    await until(() => visitor.replies.length === 1);
  });

  test.each<[string, (path: string, client: LoopbackClient) => void]>([
    ['removed', (path) => rmSync(path)],
    [
      'changed so that it may not publish the port',
      (path) =>
        replaceFile(path, JSON.stringify({ ...(JSON.parse(readFileSync(path, 'utf8')) as object), publish: ['53'] })),
    ],
  ])('closes the ports of a client whose file is %s', async (_how, change) => {
    const running = await stage.server(flags());
    const client = await stage.client(running, 'ada', ALL);
    const { endpoint } = await client.publish(anyPort(), { address: LOOPBACK, port: 9 });
    expect(await isFree(endpoint.port)).toBe(false);
    change(join(running.own.state.path, 'clients', 'ada.json'), client);
    await until(() => running.own.status().publishedPorts === 0);
    await until(() => isFree(endpoint.port));
    expect(running.own.server.mappings()).toEqual([]);
  });

  test('does not lead its clients to its published ports', async () => {
    const running = await stage.server(flags());
    const client = await stage.client(running, 'ada', { ...ALL, allow: ['127.0.0.0/8'] });
    const { endpoint } = await client.publish(anyPort(), { address: LOOPBACK, port: 9 });
    client.send({ address: LOOPBACK, port: endpoint.port }, 'x');
    await until(() => running.own.status().forward.toTarget.inDatagrams === 1);
    expect(running.own.status().forward.toTarget.drops).toEqual({ loop: 1 });
  });
});

describe('a request to publish', () => {
  const request = (more: Partial<PublishRequest>) => encodePublish(anyPort(more));

  test.each<[string, Uint8Array, number]>([
    ['cut short', request({}).subarray(0, 19), STATUS.malformed],
    ['with an entry cut short', request({ token: 5 }).subarray(0, -1), STATUS.malformed],
    ['for any two ports', request({ count: 2 }), STATUS.malformed],
    ['with an age that is not applied', request({ maxAgeMs: 5 }), STATUS.unsupported],
    ['with a setting that is the default', request({ redundancy: 0 }), STATUS.unsupported],
    ['with an entry that nobody knows', Buffer.concat([request({}), Uint8Array.of(100, 0, 0)]), STATUS.unsupported],
    ['with an entry that may be skipped', Buffer.concat([request({}), Uint8Array.of(200, 0, 0)]), STATUS.done],
    ['for a port outside the rights', request({ endpoint: { address: '::', port: 53 } }), STATUS.denied],
  ])('%s is answered as it should be', async (_what, body, status) => {
    const running = await stage.server();
    const client = await stage.client(running, 'ada', ALL);
    expect((await client.ask(REQUEST.publish, body)).status).toBe(status);
    expect((await client.ask(REQUEST.unpublish, body.subarray(0, 3))).status).toBe(STATUS.malformed);
  });

  test('is denied without rights, and the log names its client, whose name another client does not hear', async () => {
    const logDir = stage.newPath();
    const running = await stage.server({ 'log-dir': logDir, 'log-level': 'info' });
    const [ada, bob] = [
      await stage.client(running, 'ada', ALL),
      await stage.client(running, 'bob', { allow: [], publish: ['1024-65535'] }),
    ];
    const eve = await stage.client(running, 'eve', { allow: [] });
    expect(await eve.ask(REQUEST.publish, request({}))).toMatchObject({ status: STATUS.denied });
    const ports = await ada.publish(anyPort(), { address: LOOPBACK, port: 9 });
    const { status, body } = await bob.ask(REQUEST.publish, encodePublish(ports));
    expect([status, decodeRefusedPort(body)]).toEqual([STATUS.unavailable, { port: ports.endpoint.port }]);
    await running.close();
    const said = logRecords(logDir).filter(({ scope }) => scope === 'publish');
    const name = `${LOOPBACK}:${ports.endpoint.port}`;
    expect(said).toMatchObject([
      { level: 'warn', message: 'cannot publish', client: 'eve', ports: `${LOOPBACK}:0`, reason: 'not-allowed' },
      { level: 'info', message: 'published', client: 'ada', ports: name },
      { message: 'cannot publish', client: 'bob', ports: name, reason: 'held-by-another-client', holder: 'ada' },
    ]);
  });
});
