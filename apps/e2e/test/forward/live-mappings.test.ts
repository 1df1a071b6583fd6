import { writeFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { ask } from '../support/admin.js';
import { Application } from '../support/application.js';
import { Client } from '../support/client.js';
import { Echo } from '../support/echo.js';
import { ENGINES } from '../support/engines.js';
import { eventually } from '../support/eventually.js';
import { freeRange } from '../support/ports.js';
import { startRelay } from '../support/relay.js';

const RANGE = 100;

test.each(ENGINES)(
  'a reload opens and closes forwards, and one that stays loses no datagram, engine %s',
  async (engine) => {
    await using echo = await Echo.open();
    const [kept, gone, range] = [await freeRange(1), await freeRange(1), await freeRange(RANGE)];
    const target = `127.0.0.1:${echo.port}`;
    await using relay = await startRelay({ engine, forwards: [`0=${target}`] });
    await relay.client.stop();
    const config = relay.folder.at('client.toml');
    const write = (...forwards: readonly string[]): void => {
      writeFileSync(config, `forward = [${forwards.map((forward) => `"${forward}"`).join(', ')}]\n`);
    };
    write(`${kept}=${target}`, `${gone}=${target}`);
    const admin = relay.folder.at('live.sock');
    await using client = new Client({
      ...{ invitation: relay.invitation, admin, engine, forwards: [], flags: ['--config', config] },
    });
    await client.program.lines(/^relay-client ready: forward .+ -> /, 2);
    await using application = await Application.open();
    let [exchanged, isReloading] = [0, true];
    const exchanging = (async () => {
      while (isReloading) {
        const payload = `${exchanged}`;
        expect((await application.exchange(payload, kept))?.toString()).toBe(payload);
        exchanged++;
      }
    })();
    const last = range + RANGE - 1;
    const targets = `127.0.0.1:1000-${999 + RANGE}`;
    for (const mappings of [[`${range}-${last}=${targets}`], [`${gone}=${target}`], [`${range}-${last}=${targets}`]]) {
      const before = exchanged;
      write(...mappings, `${kept}=${target}`);
      const { changes } = await ask<{ changes: string[] }>(admin, 'reload');
      expect(changes).toHaveLength(1);
      await eventually(() => expect(exchanged).toBeGreaterThan(before + 10));
    }
    isReloading = false;
    await exchanging;
    const { forwards, forward } = await client.status();
    expect(forwards.map(({ mapping, flows }) => `${mapping} ${flows}`)).toEqual([
      `127.0.0.1:${range}-${last} -> ${targets} 0`,
      `127.0.0.1:${kept} -> ${target} 1`,
    ]);
    expect([forward.toTarget.inDatagrams, forward.fromTarget.outDatagrams]).toEqual([exchanged, exchanged]);
    write(`${kept}=${target}`);
    client.program.process.kill('SIGHUP');
    await eventually(async () => expect((await client.status()).forwards).toHaveLength(1));
    expect((await application.exchange('the last', kept))?.toString()).toBe('the last');
  },
);
