import { describe, expect, test } from '@jest/globals';
import { ProgramFailure } from '@relay/program';
import { RouteStage, SERVER } from '../support/route-stage.js';

const A = '10.0.0.1:53';
const B = '10.0.0.2:53';
const AT = (port: number): string => `${SERVER.v4}:${port}`;

/** A server with two services. */
async function staged(): Promise<RouteStage> {
  const stage = await RouteStage.open();
  await stage.echo(A, B);
  return stage;
}

const descriptions = ({ server }: RouteStage): string[] => server.routes.routes.map(({ description }) => description);

describe('the routes of a server', () => {
  test('lead to their upstreams, at one or several listeners', async () => {
    const stage = await staged();
    const { opened } = await stage.apply(`${AT(5300)},${AT(5400)}=${A}`, `${AT(0)}=${B};name=any`);
    const [, any] = descriptions(stage);
    expect(opened.map(({ description }) => description)).toEqual(descriptions(stage));
    expect(descriptions(stage)[0]).toBe(`${AT(5300)}, ${AT(5400)} -> ${A}`);
    expect(any).toMatch(/^192\.0\.2\.1:(3|4|5|6)\d{4} -> 10\.0\.0\.2:53$/);
    expect(await stage.ask(AT(5300))).toBe(`${AT(5300)}: ${A} x`);
    expect(await stage.ask(AT(5400))).toBe(`${AT(5400)}: ${A} x`);
    const own = any?.split(' ')[0] ?? '';
    expect(await stage.ask(own)).toBe(`${own}: ${B} x`);
    expect(stage.server.mappings()).toMatchObject([
      { mode: 'route', listen: [AT(5300), AT(5400)], openPorts: 2, flows: 2, idleMs: 120_000 },
      { mode: 'route', name: 'any', listen: [own], openPorts: 1, flows: 1 },
    ]);
    expect(stage.faults).toEqual([]);
  });

  test('change without harm to what stays: flows, ports, and ports that change hands', async () => {
    const stage = await staged();
    await stage.apply(`${AT(5300)}=${A};name=one`, `${AT(5400)}=${A};name=two`, `${AT(5500)}=${A};name=three`);
    for (const port of [5300, 5400, 5500]) await stage.ask(AT(port));
    const { opened, closed } = await stage.apply(
      `${AT(5300)},${AT(5600)}=${B};name=one;idle=30s`,
      `${AT(5400)}=${B};name=other`,
      `${AT(5700)}=${A};name=new`,
    );
    expect(opened.map(({ name }) => name)).toEqual(['new']);
    expect(closed).toEqual([`${AT(5500)} -> ${A}`]);
    // The flows that were there go on where they were; new ones follow the change.
    expect(await stage.ask(AT(5300))).toBe(`${AT(5300)}: ${A} x`);
    expect(await stage.ask(AT(5400))).toBe(`${AT(5400)}: ${A} x`);
    expect(await stage.ask(AT(5300), 4001)).toBe(`${AT(5300)}: ${B} x`);
    expect(await stage.ask(AT(5600))).toBe(`${AT(5600)}: ${B} x`);
    expect(await stage.ask(AT(5700))).toBe(`${AT(5700)}: ${A} x`);
    expect(await stage.ask(AT(5500))).toBeUndefined();
    await stage.apply(`${AT(5300)}=${A};name=one`, `${AT(5700)},${AT(5600)}=${B};name=new`);
    expect(await stage.ask(AT(5600), 4002)).toBe(`${AT(5600)}: ${B} x`);
    expect(await stage.ask(AT(5300))).toBe(`${AT(5300)}: ${A} x`);
    expect(stage.faults).toEqual([]);
  });

  test('keep a port that the system chose once the route names it, with its flows', async () => {
    const stage = await staged();
    await stage.apply(`${AT(0)}=${A};name=named`, `${AT(0)}=${A}`, `${AT(0)}=${A};name=leaving`);
    const chosen = descriptions(stage).map((text) => text.split(' ')[0] ?? '');
    for (const port of chosen) await stage.ask(port);
    // Without a name and a port, the address is what a route goes on by.
    await stage.apply(`${AT(0)}=${A};name=named`, `${AT(0)}=${A},${B}`, `${AT(0)}=${A};name=leaving`);
    expect(descriptions(stage).map((text) => text.split(' ')[0])).toEqual(chosen);
    const [named = '', unnamed = '', leaving = ''] = chosen;
    const { opened, closed } = await stage.apply(
      `${named}=${B};name=named`,
      `${unnamed}=${B}`,
      `${leaving}=${B};name=new`,
    );
    expect([opened.map(({ name }) => name), closed]).toEqual([[], []]);
    // The third has a port in common with the one that leaves, so it goes on.
    for (const port of chosen) {
      expect(await stage.ask(port)).toBe(`${port}: ${A} x`);
      expect(await stage.ask(port, 4001)).toBe(`${port}: ${B} x`);
    }
    expect(stage.faults).toEqual([]);
  });

  test('do not share a port that the system chose for another one', async () => {
    const stage = await staged();
    await stage.apply(`${AT(0)}=${A};name=any`);
    const [any = ''] = descriptions(stage).map((text) => text.split(' ')[0] ?? '');
    await stage.ask(any);
    const both = stage.apply(`${AT(0)}=${A};name=any`, `${any}=${B};name=other`);
    await expect(both).rejects.toThrow(`cannot listen on ${any}: the address is in use`);
    expect(await stage.ask(any)).toBe(`${any}: ${A} x`);
    // It changes hands once the first route has another port.
    await stage.apply(`${AT(5300)}=${A};name=any`, `${any}=${B};name=other`);
    expect(await stage.ask(any)).toBe(`${any}: ${B} x`);
    expect(await stage.ask(AT(5300))).toBe(`${AT(5300)}: ${A} x`);
    expect(stage.faults).toEqual([]);
  });

  test('open all or none: a port that is taken leaves everything as it was', async () => {
    const stage = await staged();
    await stage.apply(`${AT(5300)}=${A}`);
    await stage.ask(AT(5300));
    await stage.host.createSocket({ local: { address: SERVER.v4, port: 5500 } }).open();
    const change = stage.apply(`${AT(5400)}=${B}`, `${AT(5500)}=${B}`);
    await expect(change).rejects.toThrow(ProgramFailure);
    await expect(change).rejects.toThrow(`cannot listen on ${AT(5500)}: the address is in use`);
    expect(descriptions(stage)).toEqual([`${AT(5300)} -> ${A}`]);
    expect(await stage.ask(AT(5300))).toBe(`${AT(5300)}: ${A} x`);
    await stage.apply(`${AT(5300)}=${A}`, `${AT(5400)}=${B}`);
    expect(await stage.ask(AT(5400))).toBe(`${AT(5400)}: ${B} x`);
  });

  test('that become one with more ports begin again', async () => {
    const stage = await staged();
    await stage.echo('10.0.0.1:54');
    await stage.apply(`${AT(5300)}=${A};name=dns`);
    await stage.ask(AT(5300));
    await stage.apply(`${SERVER.v4}:5300-5301=10.0.0.1:53-54;name=dns`);
    expect(stage.server.figures().flows).toBe(0);
    expect(await stage.ask(AT(5301))).toBe(`${AT(5301)}: 10.0.0.1:54 x`);
    expect(await stage.ask(AT(5300))).toBe(`${AT(5300)}: ${A} x`);
  });

  test('end with the server, and leave their ports', async () => {
    const stage = await staged();
    await stage.apply(`${AT(5300)}=${A}`);
    await stage.ask(AT(5300));
    await stage.server.close();
    await stage.host.createSocket({ local: { address: SERVER.v4, port: 5300 } }).open();
    expect(stage.server.figures().flows).toBe(0);
  });

  test.each([
    ['the same name', ['53=10.0.0.1:53;name=dns', '54=10.0.0.1:53;name=dns'], 'two routes have the name "dns"'],
    [
      'the same port',
      ['127.0.0.1:53-60=10.0.0.1:3-10', '60=10.0.0.1:53'],
      'two routes want the same port: 127.0.0.1:53-60',
    ],
    [
      'its own port as an upstream',
      ['53=127.0.0.1:53'],
      'the upstream 127.0.0.1:53 is where a route listens ([::]:53)',
    ],
    [
      'another one as an upstream',
      ['127.0.0.1:5300=127.0.0.1:5301', '127.0.0.1:5301=a:53'],
      'is where a route listens',
    ],
  ])('are refused with %s', async (_what, routes, message) => {
    const stage = await staged();
    await expect(stage.apply(...routes)).rejects.toThrow(message);
    await expect(stage.apply(...routes)).rejects.toThrow(ProgramFailure);
  });

  test('are refused with a port as an upstream that the system has chosen for a listener', async () => {
    const stage = await staged();
    await stage.apply(`${AT(0)}=${A};name=any`);
    const [any = ''] = descriptions(stage).map((text) => text.split(' ')[0] ?? '');
    for (const routes of [[`${AT(0)}=${any};name=any`], [`${AT(0)}=${A};name=any`, `${AT(0)}=${any};name=other`]]) {
      await expect(stage.apply(...routes)).rejects.toThrow(`the upstream ${any} is where a route listens (${any})`);
      expect(descriptions(stage)).toEqual([`${any} -> ${A}`]);
    }
    expect(await stage.ask(any)).toBe(`${any}: ${A} x`);
    const [, port = ''] = any.split(':');
    stage.names.set('self.example', [SERVER.v4, '10.0.0.1']);
    await stage.echo(`10.0.0.1:${port}`);
    await stage.apply(`${AT(0)}=self.example:${port};name=any`);
    await stage.pass(10);
    for (const source of [1, 2]) expect(await stage.ask(any, source)).toBe(`${any}: 10.0.0.1:${port} x`);
    expect(stage.faults).toEqual([]);
  });

  test('may lead to the same port of another address', async () => {
    const stage = await staged();
    await stage.apply(`${AT(53)}=127.0.0.1:53`, '127.0.0.2:53=10.0.0.1:53');
    expect(descriptions(stage)).toHaveLength(2);
  });
});

describe('the names of upstreams', () => {
  const route = `${AT(5300)}=dns.example:53;name=dns`;

  test('are all their addresses, and are looked up again: old flows stay', async () => {
    const stage = await staged();
    stage.names.set('dns.example', ['10.0.0.2', '10.0.0.1', '10.0.0.2']);
    await stage.apply(route);
    await stage.pass(10);
    const first = [await stage.ask(AT(5300), 1), await stage.ask(AT(5300), 2)];
    expect(first.sort()).toEqual([`${AT(5300)}: ${A} x`, `${AT(5300)}: ${B} x`]);
    stage.names.set('dns.example', ['10.0.0.2']);
    await stage.pass(31_000);
    for (let port = 10; port < 14; port++) expect(await stage.ask(AT(5300), port)).toBe(`${AT(5300)}: ${B} x`);
    expect([await stage.ask(AT(5300), 1), await stage.ask(AT(5300), 2)].sort()).toEqual(first);
  });

  test('keep their addresses while they cannot be resolved, which is said once', async () => {
    const stage = await staged();
    await stage.apply(route);
    await stage.pass(10);
    expect(await stage.ask(AT(5300))).toBeUndefined();
    expect(stage.server.figures().route.toTarget.drops).toEqual({ unresolved: 1 });
    await stage.pass(20_000);
    expect(stage.missing).toEqual(['dns.example: getaddrinfo ENOTFOUND dns.example']);
    stage.names.set('dns.example', ['10.0.0.1']);
    await stage.pass(6000);
    expect(await stage.ask(AT(5300))).toBe(`${AT(5300)}: ${A} x`);
    stage.names.set('dns.example', []);
    await stage.pass(60_000);
    expect(stage.missing).toEqual(['dns.example: getaddrinfo ENOTFOUND dns.example', 'dns.example: it has no address']);
    expect(await stage.ask(AT(5300), 4001)).toBe(`${AT(5300)}: ${A} x`);
    expect(stage.faults).toEqual([]);
  });

  test('are asked for no more when their route is gone', async () => {
    const stage = await staged();
    stage.names.set('dns.example', ['10.0.0.1']);
    await stage.apply(route);
    await stage.pass(10);
    await stage.apply();
    expect(stage.server.routes.nextDueMs).toBe(Infinity);
  });

  test('that turn out to be where a route listens are left out', async () => {
    const stage = await staged();
    stage.names.set('dns.example', [SERVER.v4, '10.0.0.1']);
    await stage.apply('5300=dns.example:5300;name=dns');
    await stage.pass(10);
    expect(stage.server.routes.statuses()).toMatchObject([{ upstreams: [{ target: '10.0.0.1:5300' }] }]);
  });
});

describe('on all addresses', () => {
  test.each(['memory', 'dgram'] as const)('a route answers from the one that was asked (%s)', async (engine) => {
    const stage = await RouteStage.open(engine);
    await stage.echo(A);
    await stage.apply(`5300=${A}`);
    expect(await stage.ask(AT(5300))).toBe(`${AT(5300)}: ${A} x`);
    expect(await stage.ask(`[${SERVER.v6}]:5300`)).toBe(`[${SERVER.v6}]:5300: ${A} x`);
    expect(descriptions(stage)).toEqual([`[::]:5300 -> ${A}`]);
    expect(stage.server.routes.routes[0]?.sockets.size).toBe(engine === 'dgram' ? 3 : 1);
  });

  test('any free port is the same at each', async () => {
    const stage = await RouteStage.open('dgram');
    await stage.echo(A);
    await stage.apply(`0=${A}`, `0=${A};name=other`);
    const ports = stage.server.routes.routes.map(({ sockets }) =>
      [...sockets.values()].map(({ socket }) => socket.local.port),
    );
    expect(ports.map((each) => new Set(each).size)).toEqual([1, 1]);
    expect(ports[0]?.[0]).not.toBe(ports[1]?.[0]);
  });

  test('a socket of dgram follows the addresses of the host, and flows of the others go on', async () => {
    const stage = await RouteStage.open('dgram', ['127.0.0.1', SERVER.v4, SERVER.v6]);
    await stage.echo(A);
    stage.addresses = ['127.0.0.1', SERVER.v4];
    await stage.apply(`5300=${A}`);
    await stage.ask(AT(5300));
    const { flows } = stage.server.figures();
    stage.addresses = ['127.0.0.1', SERVER.v4, SERVER.v6];
    stage.server.lookAtAddresses();
    await stage.pass(10);
    expect(await stage.ask(`[${SERVER.v6}]:5300`)).toBe(`[${SERVER.v6}]:5300: ${A} x`);
    expect(await stage.ask(AT(5300))).toBe(`${AT(5300)}: ${A} x`);
    expect(stage.server.figures().flows).toBe(flows + 1);
    stage.addresses = ['127.0.0.1', SERVER.v4];
    stage.server.lookAtAddresses();
    await stage.pass(10);
    expect(stage.server.figures().flows).toBe(flows);
    expect(stage.faults).toEqual([]);
  });
});

describe('draining an upstream', () => {
  test('names the route by its name or a listener, and outlives a reload', async () => {
    const stage = await staged();
    const route = `${AT(5300)}=${A},${B};name=dns`;
    await stage.apply(route);
    stage.server.routes.setDrained('dns', A, true);
    await stage.apply(`${route};idle=30s`);
    for (let port = 1; port < 4; port++) expect(await stage.ask(AT(5300), port)).toBe(`${AT(5300)}: ${B} x`);
    stage.server.routes.setDrained(AT(5300), A, false);
    const both = [await stage.ask(AT(5300), 10), await stage.ask(AT(5300), 11)];
    expect(new Set(both).size).toBe(2);
  });

  test('of a route or an upstream that there is not is refused', async () => {
    const stage = await staged();
    await stage.apply(`${AT(5300)}=${A};name=dns`);
    expect(() => stage.server.routes.setDrained('nope', A, true)).toThrow(
      'there is no route "nope": mappings lists them',
    );
    expect(() => stage.server.routes.setDrained('dns', B, true)).toThrow(`route "dns" has no upstream "${B}"`);
  });
});
