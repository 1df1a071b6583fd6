import { describe, expect, test } from '@jest/globals';
import { Application } from '../support/application.js';
import { Client } from '../support/client.js';
import { expectConserved } from '../support/conservation.js';
import { Echo } from '../support/echo.js';
import { ENGINES } from '../support/engines.js';
import { eventually } from '../support/eventually.js';
import { Folder } from '../support/folder.js';
import { freePort, freeRange, TakenPorts } from '../support/ports.js';
import { PublishFile } from '../support/publish-file.js';
import { startRelay } from '../support/relay.js';
import { shared } from '../support/resources.js';

const RIGHTS = ['1024-65535'];
const COUNT = 2000;
/** How many visitors' datagrams are on their way at a time: sockets have room for so many. */
const AT_ONCE = 100;
/** Five times what is promised: other work may go on beside these processes. */
const READY_WITHIN_MS = 5 * 3000;
const CLOSED_WITHIN_MS = 5 * 1000;
/** Where the services are: they have the numbers of the public ports. */
const SERVICES = '127.0.0.2';

describe.each(ENGINES)(`a range of ${COUNT} ports, engine %s,`, (engine) => {
  const opened = shared(async (keep) => {
    const folder = keep(new Folder());
    const first = await freeRange(COUNT);
    const last = first + COUNT - 1;
    const [kept, range] = [
      `127.0.0.1:${await freePort()}=9`,
      `127.0.0.1:${first}-${last}=${SERVICES}:${first}-${last}`,
    ];
    const file = new PublishFile(folder.at('client.toml'), kept);
    const relay = keep(await startRelay({ engine, publish: RIGHTS, clientFlags: ['--config', file.path] }));
    const reload = (...publishes: readonly string[]) => file.reload(relay.client, ...publishes, kept);
    /** Another client of the server, which asks for the same ports. */
    const openOther = async (name: string): Promise<Client> => {
      const invitation = await relay.server.invite(name, [], RIGHTS);
      return new Client({ invitation, admin: folder.at(`${name}.sock`), engine, publishes: [range] });
    };
    return { first, last, range, relay, reload, openOther };
  });

  test('is open within 3 s, each port of it is reached, and another client is refused, with the reason', async () => {
    const { first, last, range, relay, reload, openOther } = opened();
    await relay.client.program.line(/^relay-client ready: publish /);
    const begunMs = performance.now();
    await reload(range);
    await relay.client.program.line(new RegExp(`^relay-client ready: publish 127.0.0.1:${first}-${last} -> `));
    const readyMs = performance.now() - begunMs;
    console.info(`${engine}: ${COUNT} ports ready after ${Math.round(readyMs)} ms`);
    expect(readyMs).toBeLessThan(READY_WITHIN_MS);
    expect(await relay.server.status()).toMatchObject({ publishedPorts: COUNT + 1 });

    await reachEach(first, COUNT);
    expect(await relay.client.status()).toMatchObject({ visitors: COUNT });

    await using other = await openOther('other');
    const message = `port ${first} cannot be opened on the server \\(another client or program has it`;
    await other.program.line(new RegExp(message), 'stderr');
    const [line = ''] = await relay.server.program.line(/.*"cannot publish".*/, 'stderr');
    expect(JSON.parse(line)).toMatchObject({
      ...{ client: 'other', holder: 'tester', port: first, reason: 'held-by-another-client' },
    });
    expect(other.program.stderr).not.toContain('tester');
    expect(other.program.stdout).toBe('');
    await expectConserved(relay);
  });

  test('is closed at once when a reload leaves it out, and the other ports stay', async () => {
    const { first, relay, reload } = opened();
    const begunMs = performance.now();
    await reload();
    await TakenPorts.allFree(first, COUNT);
    const closedMs = performance.now() - begunMs;
    console.info(`${engine}: ${COUNT} ports closed after ${Math.round(closedMs)} ms`);
    expect(closedMs).toBeLessThan(CLOSED_WITHIN_MS);
    expect(await relay.server.status()).toMatchObject({ publishedPorts: 1, visitors: 0 });
    expect(await relay.client.status()).toMatchObject({ visitors: 0 });
    await expectConserved(relay);
  });

  test('is not opened at all while another program has one port of it, which its client names', async () => {
    const { first, relay, openOther } = opened();
    const port = first + 1234;
    const taken = await TakenPorts.take(port);
    await using client = await openOther('third');
    await client.program.line(new RegExp(`port ${port} cannot be opened on the server`), 'stderr');
    await eventually(async () => expect(await relay.server.status()).toMatchObject({ publishedPorts: 1 }));
    expect(await client.status()).toMatchObject({
      publishes: [{ state: 'refused', refusal: { status: 'unavailable', port } }],
    });
    // The client asks again every now and then, which needs them for a moment.
    await TakenPorts.allFree(first, port - first);
    await TakenPorts.allFree(port + 1, first + COUNT - 1 - port);
    await taken[Symbol.asyncDispose]();
    await client.ready(); // it asks again by itself
    expect(await relay.server.status()).toMatchObject({ publishedPorts: COUNT + 1 });
  });
});

/** Asks each port, whose service then answers. */
async function reachEach(first: number, count: number): Promise<void> {
  await using visitor = await Application.open();
  for (let begin = 0; begin < count; begin += AT_ONCE) {
    const ports = Array.from({ length: Math.min(AT_ONCE, count - begin) }, (_, i) => first + begin + i);
    const services = await Promise.all(ports.map((port) => Echo.open(port, SERVICES)));
    for (const port of ports) await visitor.send(`${port}`, port);
    const answers: string[] = [];
    for (const _ of ports) answers.push(String(await visitor.receive()));
    expect(answers.toSorted()).toEqual(ports.map(String));
    await Promise.all(services.map((service) => service[Symbol.asyncDispose]()));
  }
  expect(visitor.answeredFromPorts.size).toBe(count);
}
