/** Routes of a server, as users run it: no client takes part. */
import { writeFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { ask } from '../support/admin.js';
import { Application } from '../support/application.js';
import { Echo } from '../support/echo.js';
import { ENGINES } from '../support/engines.js';
import { eventually } from '../support/eventually.js';
import { Folder } from '../support/folder.js';
import { freeRange } from '../support/ports.js';
import { Server } from '../support/server.js';

/** New flows avoid an upstream that has died within this time; the test allows five times. */
const PROMISE_MS = 1000;

const at = ({ port }: Echo): string => `127.0.0.1:${port}`;

/** One question from a new source; undefined if nothing comes back in time. */
async function askOnce(port: number, timeoutMs = 200): Promise<string | undefined> {
  await using application = await Application.open();
  await application.send('x', port);
  return (await application.receive(timeoutMs))?.toString();
}

describe.each(ENGINES)('routes, engine %s,', (engine) => {
  test('are ready by a line each, and lead new sources to upstreams in turn, by weight', async () => {
    using folder = new Folder();
    await using light = await Echo.open();
    await using heavy = await Echo.open();
    const route = `127.0.0.1:0=${at(light)},${at(heavy)}*3`;
    await using server = await Server.start({ state: folder.at('state'), engine, flags: ['--route', route] });
    const [, port = ''] = await server.program.line(
      new RegExp(`^relay-server ready: route 127\\.0\\.0\\.1:(\\d+) -> ${at(light)}, ${at(heavy)}\\*3$`),
    );
    for (let i = 0; i < 8; i++) expect(await askOnce(Number(port), 10_000)).toBe('x');
    expect([light.received, heavy.received]).toEqual([2, 6]);
    const { route: figures } = await server.status();
    expect([figures.toTarget.outDatagrams, figures.fromTarget.outDatagrams]).toEqual([8, 8]);
    expect([figures.toTarget.drops, figures.fromTarget.drops]).toEqual([{}, {}]);
  });

  test('avoid an upstream that has died, and use it again', async () => {
    using folder = new Folder();
    await using there = await Echo.open();
    const upstream = await freeRange(1);
    const listen = await freeRange(1);
    const flags = ['--route', `127.0.0.1:${listen}=127.0.0.1:${upstream},${at(there)};name=echo`];
    let dying = await Echo.open(upstream);
    await using server = await Server.start({ state: folder.at('state'), engine, flags });
    await server.program.line(/^relay-server ready: route /);
    for (let i = 0; i < 4; i++) expect(await askOnce(listen, 10_000)).toBe('x');
    await dying[Symbol.asyncDispose]();
    const died = performance.now();
    let inARow = 0;
    while (inARow < 10) inARow = (await askOnce(listen)) === undefined ? 0 : inARow + 1;
    const tookMs = performance.now() - died;
    process.stdout.write(`${engine}: avoided after ${Math.round(tookMs)} ms, ten answers included\n`);
    expect(tookMs).toBeLessThan(PROMISE_MS * 5);
    dying = await Echo.open(upstream);
    await eventually(async () => {
      await askOnce(listen);
      expect(dying.received).toBeGreaterThan(1);
    });
    await dying[Symbol.asyncDispose]();
  });

  test('change by a reload: a source whose route stays loses nothing', async () => {
    using folder = new Folder();
    await using echo = await Echo.open();
    const [kept, other] = [await freeRange(1), await freeRange(1)];
    const config = folder.at('server.toml');
    const write = (...routes: readonly string[]): void =>
      writeFileSync(config, `route = [${routes.map((route) => `"${route}"`).join(', ')}]\n`);
    write(`127.0.0.1:${kept}=${at(echo)}`);
    const state = folder.at('state');
    await using server = await Server.start({ state, engine, flags: ['--config', config] });
    await using application = await Application.open();
    let [exchanged, isReloading] = [0, true];
    const exchanging = (async () => {
      while (isReloading) {
        const payload = `${exchanged}`;
        expect((await application.exchange(payload, kept))?.toString()).toBe(payload);
        exchanged++;
      }
    })();
    for (const more of [[`127.0.0.1:${other}=${at(echo)}`], [], [`127.0.0.1:${other}=${at(echo)};balance=hash`]]) {
      const before = exchanged;
      write(...more, `127.0.0.1:${kept}=${at(echo)},localhost:${echo.port}*${more.length + 1}`);
      expect((await ask<{ changes: string[] }>(`${state}/admin.sock`, 'reload')).changes).toHaveLength(1);
      await eventually(() => expect(exchanged).toBeGreaterThan(before + 10));
    }
    isReloading = false;
    await exchanging;
    const { route } = await server.status();
    expect([route.toTarget.inDatagrams, route.fromTarget.outDatagrams]).toEqual([exchanged, exchanged]);
    expect(await askOnce(other, 10_000)).toBe('x');
  });
});
