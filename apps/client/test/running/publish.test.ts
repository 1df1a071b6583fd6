import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { decodePublish, encodePublishedPorts, encodeRefusedPort, REQUEST, STATUS } from '@relay/packet';
import { askAdmin, EXIT, LiveConfiguration, metricsOf, Service } from '@relay/program';
import { isNativeAvailable } from '@relay/socket';
import { clientSchema } from '../../src/options.js';
import { clientProgram } from '../../src/program.js';
import { flowStatuses, mappingStatuses } from '../../src/status.js';
import { captured } from '../support/captured.js';
import type { LoopbackServer } from '../support/loopback-server.js';
import { Stage, type StartedClient } from '../support/stage.js';
import { until } from '../support/until.js';

const stage = new Stage();
const ENGINES = isNativeAvailable() ? ['dgram', 'native'] : ['dgram'];
const VISITOR = { address: '203.0.113.9', port: 4000 };
const PUBLIC = { address: '203.0.113.5', port: 27_015 };

/** A service beside the client, which sends everything back in capitals. */
async function openService(): Promise<number> {
  const socket = createSocket('udp4');
  socket.on('message', (payload, { port, address }) => socket.send(payload.toString().toUpperCase(), port, address));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  stage.whenDone(async () => {
    socket.close();
    await once(socket, 'close');
  });
  return socket.address().port;
}

interface RefusedWith {
  port?: number;
  status?: number;
}

/** Opens all that clients ask for, but port 0 as 40000; refuses it while `refusal` says so. */
function letPublish(server: LoopbackServer, refusal: RefusedWith = {}): void {
  server.onRequest = (request) => {
    if (request.request === REQUEST.unpublish) return server.answer(request, STATUS.done, new Uint8Array(0));
    const wanted = decodePublish(request.body);
    if (typeof wanted === 'string') throw new Error(`a wrong request: ${wanted}`);
    if (refusal.status !== undefined) return server.answer(request, refusal.status, encodeRefusedPort(refusal.port));
    const port = wanted.endpoint.port === 0 ? 40_000 : wanted.endpoint.port;
    server.answer(request, STATUS.done, encodePublishedPorts({ ...wanted, endpoint: { ...wanted.endpoint, port } }));
  };
}

const isOpen = ({ running }: StartedClient): boolean =>
  running.status().publishes.every(({ state }) => state === 'open');

describe.each(ENGINES)('a client that publishes, engine %s', (engine) => {
  test('carries datagrams of visitors to its service and the replies back, and reports that', async () => {
    const server = await stage.server();
    letPublish(server);
    const port = await openService();
    const flags = { publish: [`27015=${port};name=game`], forward: ['0=192.0.2.53:53'], engine };
    const client = await stage.client(server.invitation(), flags);
    const { running } = client;
    await until(() => isOpen(client));
    server.visit('hello', VISITOR, PUBLIC);
    await until(() => server.visitorReplies.length === 1);
    expect(server.visitorReplies).toEqual(['HELLO']);
    const carried = { inDatagrams: 1, inBytes: 5, outDatagrams: 1, outBytes: 5, drops: {} };
    const game = {
      mapping: `127.0.0.1:27015 -> 127.0.0.1:${port}`,
      ...{ name: 'game', flows: 1, isResolved: true, state: 'open' },
    };
    expect(running.status()).toMatchObject({
      publishes: [game],
      ...{ flows: 0, visitors: 1, serviceErrors: {} },
      publish: { toTarget: carried, fromTarget: carried },
    });
    expect(flowStatuses(running.client)).toEqual([
      { mode: 'publish', source: '203.0.113.9:4000', target: '203.0.113.5:27015', idleMs: expect.any(Number) },
    ]);
    const [forward, publish] = mappingStatuses(running.client);
    expect(forward).toMatchObject({ mode: 'forward', name: forward?.mapping, flows: 0, idleMs: 120_000 });
    expect(publish).toEqual({ mode: 'publish', ...game, maxFlows: 4096, idleMs: 120_000 });
    expect(metricsOf(running.status())).toMatchObject({ visitors: 1, publish: { toTarget: carried } });
  });

  test('counts errors of a service that is not there', async () => {
    const server = await stage.server();
    letPublish(server);
    const gone = createSocket('udp4').bind(0, '127.0.0.1');
    await once(gone, 'listening');
    const { port } = gone.address();
    gone.close();
    await once(gone, 'close');
    const client = await stage.client(server.invitation(), { publish: [`27015=${port}`], engine });
    await until(() => isOpen(client));
    server.visit('hello', VISITOR, PUBLIC);
    await until(() => client.running.status().serviceErrors['connection-refused'] === 1);
  });
});

describe('a client that publishes', () => {
  test('announces each mapping with its real ports, and logs it', async () => {
    const server = await stage.server();
    letPublish(server);
    let client: StartedClient | undefined;
    const { stdout } = await captured(async () => {
      const publish = ['0=9000', '27000-27010=localhost:27000-27010', '203.0.113.5:27015=9000;name=game'];
      client = await stage.client(server.invitation(), { publish });
      const { running } = client;
      await until(() => running.status().publishes.every(({ state, isResolved }) => state === 'open' && isResolved));
    });
    const ready = (text: string): string => `relay-client ready: publish ${text}`;
    expect(stdout.split('\n').sort()).toEqual([
      '',
      ready('127.0.0.1:27000-27010 -> localhost:27000-27010'),
      ready('127.0.0.1:40000 -> 127.0.0.1:9000'),
      ready('203.0.113.5:27015 -> 127.0.0.1:9000'),
    ]);
    await until(() => client?.messages.filter((message) => message === 'published').length === 3);
    expect(client?.log).toContainEqual(
      expect.objectContaining({ level: 'info', message: 'published', mapping: 'publish game' }),
    );
    expect(client?.log).toContainEqual(
      expect.objectContaining({ message: 'published', mapping: 'publish 127.0.0.1:40000 -> 127.0.0.1:9000' }),
    );
  });

  test('says once why it is refused, again if the reason changes, and when it is open', async () => {
    const server = await stage.server();
    const refusal: RefusedWith = { status: STATUS.unavailable, port: 27_015 };
    letPublish(server, refusal);
    const asked: unknown[] = [];
    const { stdout } = await captured(async () => {
      const client = await stage.client(server.invitation(), { publish: ['27015'] });
      const said = (): Record<string, unknown>[] => client.log.filter(({ mapping }) => mapping !== undefined);
      // In a new session the client asks at once.
      const askAgain = async (): Promise<void> => {
        const before = server.requestCount;
        for (const session of server.sessions) server.end(session, 'idle');
        await until(() => server.requestCount > before);
      };
      await until(() => said().length === 1);
      await askAgain(); // refused for the same reason
      refusal.status = STATUS.limit;
      await until(() => said().length === 2);
      delete refusal.status;
      await askAgain();
      await until(() => said().length === 3);
      asked.push(...said().map(({ level, message, mapping }) => [level, message, mapping]));
    });
    expect(asked).toEqual([
      ['warn', expect.stringMatching(/^port 27015 cannot be opened/), 'publish 27015 -> 127.0.0.1:27015'],
      ['warn', expect.stringMatching(/^the server has no room/), 'publish 27015 -> 127.0.0.1:27015'],
      ['info', 'published', 'publish 127.0.0.1:27015 -> 127.0.0.1:27015'],
    ]);
    expect(stdout).toBe('relay-client ready: publish 127.0.0.1:27015 -> 127.0.0.1:27015\n');
  });

  test('shows a refusal in its status, and says nothing new of ports that come back', async () => {
    const server = await stage.server();
    const refusal: RefusedWith = { status: STATUS.denied, port: 27_015 };
    letPublish(server, refusal);
    const client = await stage.client(server.invitation(), { publish: ['27015', '27016'] });
    const { running } = client;
    await until(() => running.status().publishes.every(({ state }) => state === 'refused'));
    expect(running.status().publishes[0]).toMatchObject({
      mapping: '27015 -> 127.0.0.1:27015',
      refusal: { status: 'denied', port: 27_015, retryInMs: expect.any(Number) },
    });
    expect(running.status().publishes[0]?.refusal?.retryInMs).toBeGreaterThan(30_000);
    delete refusal.status;
    for (const times of [2, 3]) {
      for (const session of server.sessions) server.end(session, 'idle');
      await until(() => client.messages.filter((message) => message === 'connected').length === times);
      await until(() => isOpen(client));
    }
    expect(client.messages.filter((message) => message === 'published')).toHaveLength(2);
  });

  test('says that the name of its service cannot be resolved, and is not ready', async () => {
    const server = await stage.server();
    letPublish(server);
    const { stdout } = await captured(async () => {
      const client = await stage.client(server.invitation(), { publish: ['27015=no-such-name.invalid:9000'] });
      await until(() => isOpen(client) && client.log.some(({ name }) => name === 'no-such-name.invalid'));
      expect(client.log.filter(({ level }) => level === 'warn')).toEqual([
        expect.objectContaining({ message: 'this machine cannot resolve the name of a service' }),
      ]);
    });
    expect(stdout).toBe('');
  });

  test('warns once of settings that a server of a former release does not take', async () => {
    const server = await stage.server(0);
    letPublish(server);
    const publish = ['27015;name=game;idle=5s', '27016'];
    const client = await stage.client(server.invitation(), { publish });
    await until(() => isOpen(client));
    for (const session of server.sessions) server.end(session, 'idle');
    await until(() => client.messages.filter((message) => message === 'connected').length === 2);
    await until(() => isOpen(client));
    const warnings = client.log.filter(({ settings }) => settings !== undefined);
    expect(warnings).toEqual([expect.objectContaining({ level: 'warn', settings: 'game (name, idle)' })]);
    expect(warnings[0]?.['message']).toMatch(/^the server is of a former release/);
  });

  test('applies the publishes of a changed file, and logs what it opened and closed', async () => {
    const server = await stage.server();
    letPublish(server);
    const [config, admin] = [`${stage.newPath()}.toml`, join(stage.newPath(), 'admin.sock')];
    const file = (...names: readonly string[]): string =>
      names.map((name, i) => `[[publish]]\nname = "${name}"\npublic = 0\nlocal = ${9000 + i}\n`).join('\n');
    writeFileSync(config, file('kept', 'gone'));
    const client = await stage.client(server.invitation(), { config, admin });
    await until(() => isOpen(client));
    writeFileSync(config, `${file('kept')}\n[[publish]]\nname = "added"\nlocal = 27016\n`);
    const { changes } = (await askAdmin(admin, 'reload')) as { changes: string[] };
    expect(changes).toEqual([expect.stringMatching(/^publish: /)]);
    await until(() => client.messages.filter((message) => message === 'published').length === 3);
    const said = client.log.map(({ message, mapping }) => `${String(message)} ${String(mapping)}`);
    expect(said).toEqual(expect.arrayContaining(['closed publish gone', 'opened publish added']));
    expect(said).not.toContain('closed publish kept');
    writeFileSync(config, file('same', 'same'));
    await expect(askAdmin(admin, 'reload')).rejects.toThrow('two mappings have the name "same"');
    expect(client.running.status().publishes.map(({ name }) => name)).toEqual(['kept', 'added']);
  });

  test('does not start if two mappings want the same port', async () => {
    const server = (await stage.server()).invitation();
    const configuration = new LiveConfiguration(clientSchema, { server, publish: ['27015', '27015=9000'] });
    const start = Service.start(clientProgram, configuration, () => undefined);
    await expect(start).rejects.toMatchObject({ exitCode: EXIT.usage });
    await expect(start).rejects.toThrow('two mappings want port 27015 of the server');
  });
});
