import { expect, test } from '@jest/globals';
import { Application } from '../support/application.js';
import { expectConserved } from '../support/conservation.js';
import { Echo } from '../support/echo.js';
import { ENGINES } from '../support/engines.js';
import { eventually } from '../support/eventually.js';
import { Folder } from '../support/folder.js';
import { freeRange } from '../support/ports.js';
import { PublishFile } from '../support/publish-file.js';
import { PUBLISHABLE, startRelay } from '../support/relay.js';

test.each(ENGINES)(
  'a reload of the client adds, changes and removes publishes, and one that stays loses no datagram, engine %s',
  async (engine) => {
    await using echo = await Echo.open();
    using folder = new Folder();
    const kept = await freeRange(3);
    const [changed, gone] = [kept + 1, kept + 2];
    const publish = (port: number, keys = ''): string => `127.0.0.1:${port}=${echo.port}${keys}`;
    const file = new PublishFile(folder.at('client.toml'), publish(kept), publish(changed), publish(gone));
    await using relay = await startRelay({ engine, publish: PUBLISHABLE, clientFlags: ['--config', file.path] });
    const { client, server } = relay;
    await client.program.lines(/^relay-client ready: publish .+ -> /, 3);
    const onServer = async () => {
      const { stdout } = await server.command('mappings', '--json');
      return (JSON.parse(stdout) as { ports: string; idleMs: number }[]).map(
        ({ ports, idleMs }) => `${ports} ${idleMs}`,
      );
    };
    await using visitor = await Application.open();
    await using atChanged = await Application.open();
    expect((await atChanged.exchange('before', changed))?.toString()).toBe('before');
    let [exchanged, isReloading] = [0, true];
    const exchanging = (async () => {
      while (isReloading) {
        const payload = `${exchanged}`;
        expect((await visitor.exchange(payload, kept))?.toString()).toBe(payload);
        exchanged++;
      }
    })();

    const wanted = [
      [publish(kept), publish(changed, ';idle=7s'), publish(gone)],
      [publish(kept), publish(changed, ';idle=7s')],
      [publish(kept), publish(changed), publish(gone)],
    ];
    const shown = [
      [`127.0.0.1:${kept} 120000`, `127.0.0.1:${changed} 7000`, `127.0.0.1:${gone} 120000`],
      [`127.0.0.1:${kept} 120000`, `127.0.0.1:${changed} 7000`],
      [`127.0.0.1:${kept} 120000`, `127.0.0.1:${changed} 120000`, `127.0.0.1:${gone} 120000`],
    ];
    for (const [i, publishes] of wanted.entries()) {
      const before = exchanged;
      expect(await file.reload(client, ...publishes)).toHaveLength(1);
      await eventually(async () => expect((await onServer()).toSorted()).toEqual(shown[i]));
      await eventually(() => expect(exchanged).toBeGreaterThan(before + 10));
    }
    isReloading = false;
    await exchanging;
    expect((await atChanged.exchange('after', changed))?.toString()).toBe('after');
    expect(echo.sources.size).toBe(2); // a changed setting leaves flows as they are
    await using atGone = await Application.open();
    expect((await atGone.exchange('back', gone))?.toString()).toBe('back');
    const { publish: carried } = await server.status();
    expect([carried.toTarget.inDatagrams, carried.fromTarget.outDatagrams]).toEqual([exchanged + 3, exchanged + 3]);
    await expectConserved(relay);
  },
);
