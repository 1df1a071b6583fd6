import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { askAdmin, ProgramFailure } from '@relay/program';
import { isNativeAvailable } from '@relay/socket';
import type { RouteMappingStatus } from '../../src/routes/route-mapping-status.js';
import type { ServerStatus } from '../../src/status.js';
import { logRecords } from '../support/log-records.js';
import { Stage, type Started } from '../support/started.js';
import { until } from '../support/until.js';

const stage = new Stage();
const LOOPBACK = '127.0.0.1';
const ENGINES = isNativeAvailable() ? ['dgram', 'native'] : ['dgram'];

const open: Socket[] = [];
afterEach(() => {
  for (const socket of open.splice(0)) socket.close();
});

/** A source, which collects what comes back: from which port, and what. */
async function openSource(): Promise<{ send(port: number, text: string): void; readonly replies: string[] }> {
  const socket = createSocket('udp4').bind(0, LOOPBACK);
  open.push(socket);
  await once(socket, 'listening');
  const replies: string[] = [];
  socket.on('message', (message, { port }) => replies.push(`${port} ${message.toString()}`));
  return { send: (port, text) => socket.send(text, port, LOOPBACK), replies };
}

/** Asks from a new source until an answer comes. */
async function ask(port: number): Promise<void> {
  const source = await openSource();
  await until(() => {
    source.send(port, 'x');
    return source.replies.length > 0;
  });
}

const admin = ({ own }: Started): string => join(own.state.path, 'admin.sock');
const routeOf = async (running: Started): Promise<RouteMappingStatus | undefined> =>
  ((await askAdmin(admin(running), 'mappings')) as RouteMappingStatus[])[0];
const portOf = (running: Started, i = 0): number =>
  Number(running.own.server.routes.routes[i]?.listening[0]?.split(':').at(-1));

describe.each(ENGINES)('a server with routes, on %s,', (engine) => {
  test('is ready for each, leads sources to upstreams and says so', async () => {
    const [a, b] = [await stage.echo(), await stage.echo()];
    const targets = [a, b].map(({ port }) => `${LOOPBACK}:${port}`);
    const { running, said } = await stage.start({ engine, route: [`${LOOPBACK}:0=${targets.join()}`] });
    const port = portOf(running);
    expect(said.trim().split('\n').slice(-2)).toEqual([
      `relay-server ready on ${LOOPBACK}:${running.own.server.local.port}`,
      `relay-server ready: route ${LOOPBACK}:${port} -> ${targets.join(', ')}`,
    ]);
    const sources = [await openSource(), await openSource()];
    for (const [i, source] of sources.entries()) source.send(port, `from ${i}`);
    await until(() => sources.every(({ replies }) => replies.length === 1));
    expect(sources.map(({ replies }) => replies)).toEqual([[`${port} from 0`], [`${port} from 1`]]);
    const carried = { inDatagrams: 2, inBytes: 12, outDatagrams: 2, outBytes: 12, drops: {} };
    const status = (await askAdmin(admin(running), 'status')) as ServerStatus;
    expect(status).toMatchObject({ flows: 2, sessions: 0, route: { toTarget: carried, fromTarget: carried } });
    expect(await routeOf(running)).toMatchObject({
      mode: 'route',
      upstreams: targets.map((target) => ({ target, state: 'up', flows: 1, answered: 1 })),
    });
    expect(await askAdmin(admin(running), 'flows')).toMatchObject([{ mode: 'route' }, { mode: 'route' }]);
  });

  test('gives an upstream that is gone no new flows, and a drained one none either', async () => {
    const [a, b] = [await stage.echo(), await stage.echo()];
    const [gone, there] = [a, b].map(({ port }) => `${LOOPBACK}:${port}`);
    const logs = stage.newPath();
    const running = await stage.server({
      ...{ engine, route: [`${LOOPBACK}:0=${gone ?? ''},${there ?? ''};name=echo`] },
      ...{ 'log-dir': logs, 'log-level': 'info' },
    });
    await a.close();
    for (let i = 0; i < 6; i++) await ask(portOf(running));
    expect((await routeOf(running))?.upstreams).toMatchObject([
      { target: gone, state: 'down', answered: 0 },
      { target: there, state: 'up', answered: 6 },
    ]);
    await askAdmin(admin(running), 'drain', { mapping: 'echo', upstream: there });
    expect((await routeOf(running))?.upstreams.map(({ state }) => state)).toEqual(['down', 'drained']);
    await askAdmin(admin(running), 'undrain', { mapping: 'echo', upstream: there });
    await ask(portOf(running));
    const refused = askAdmin(admin(running), 'drain', { mapping: 'echo', upstream: 'x' });
    await expect(refused).rejects.toThrow(ProgramFailure);
    await running.close();
    const messages = logRecords(logs).map(({ message }) => message);
    expect(messages).toContain('an upstream is down: new flows avoid it');
    expect(messages).toContain('all upstreams are down: the route uses all of them');
  });

  test('chooses anew for each datagram of one source, where that is asked for, and loses none', async () => {
    const [a, b] = [await stage.echo(), await stage.echo()];
    const targets = [a, b].map(({ port }) => `${LOOPBACK}:${port}`).join();
    const running = await stage.server({ engine, route: [`${LOOPBACK}:0=${targets};replies=1;requests=1`] });
    const source = await openSource();
    for (let i = 0; i < 20; i++) source.send(portOf(running), `${i}`);
    await until(() => source.replies.length === 20);
    expect((await routeOf(running))?.upstreams).toMatchObject([
      { flows: 0, answered: 10 },
      { flows: 0, answered: 10 },
    ]);
    const oneWay = await stage.server({ engine, route: [`${LOOPBACK}:0=${targets};replies=0;requests=1`] });
    for (let i = 0; i < 20; i++) source.send(portOf(oneWay), `${i}`);
    await until(() => oneWay.own.status().route.toTarget.outDatagrams === 20);
    expect(oneWay.own.status()).toMatchObject({ flows: 0, route: { toTarget: { drops: {} } } });
  });

  test('changes its routes by a reload, and keeps the flows of what stays', async () => {
    const [a, b] = [await stage.echo(), await stage.echo()];
    const [file, port] = [join(stage.folder, `routes-${engine}.toml`), engine === 'native' ? 15_300 : 15_400];
    const write = (...targets: readonly number[]): void =>
      writeFileSync(
        file,
        targets
          .map((target, i) => `[[route]]\nlisten = "${LOOPBACK}:${port + i}"\ntarget = ["${LOOPBACK}:${target}"]\n`)
          .join('\n'),
      );
    write(a.port);
    const running = await stage.server({ engine, config: file });
    const source = await openSource();
    source.send(port, '1');
    await until(() => source.replies.length === 1);
    write(b.port, a.port);
    expect((await running.reload()).join()).toContain('route');
    source.send(port, '2');
    await until(() => source.replies.length === 2);
    await ask(port + 1);
    const [first] = running.own.server.routes.statuses();
    expect(first).toMatchObject({ flows: 1, upstreams: [{ target: `${LOOPBACK}:${b.port}`, flows: 0 }] });
    writeFileSync(file, `[[route]]\nlisten = "${LOOPBACK}:${port}"\ntarget = "${LOOPBACK}:${port}"\n`);
    await expect(running.reload()).rejects.toThrow('is where a route listens');
    source.send(port, '3');
    await until(() => source.replies.length === 3);
    expect(source.replies).toEqual([`${port} 1`, `${port} 2`, `${port} 3`]);
  });
});

test('a server does not start with a route whose port is taken, or with two of one name', async () => {
  const taken = await stage.echo();
  const start = (...route: readonly string[]) => stage.server({ route });
  await expect(start(`${LOOPBACK}:${taken.port}=10.0.0.1:53`)).rejects.toThrow(
    `cannot listen on ${LOOPBACK}:${taken.port}: the address is in use`,
  );
  await expect(start('0=10.0.0.1:53;name=a', '0=10.0.0.1:54;name=a')).rejects.toThrow('two routes have the name "a"');
});
