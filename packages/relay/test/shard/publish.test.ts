import { describe, expect, test } from '@jest/globals';
import { FLOW_CLOSE, type Endpoint } from '@relay/packet';
import { addressRange, type Listener, type Service, type VisitorRules } from '../../src/index.js';
import { packed, Pair, SERVER } from './pair.js';

const ADA: Endpoint = { address: '203.0.113.1', port: 4001 };
const BEN: Endpoint = { address: '203.0.113.2', port: 4002 };
const PUBLIC: Endpoint = { address: SERVER.address, port: 27015 };
const LIMITS = { idleMs: 60_000, maxFlows: 100 };
const PORTS = { endpoint: PUBLIC, count: 1 };

/** Every datagram that came in at either side went out, or was dropped for a reason. */
function expectConservation(pair: Pair): void {
  const { server, client } = pair;
  for (const { toTarget, fromTarget } of [server.figures().publish, client.accounts.publish.toJSON()]) {
    for (const { inDatagrams, outDatagrams, drops } of [toTarget, fromTarget]) {
      const dropped = Object.values(drops as Record<string, number>).reduce((sum, count) => sum + count, 0);
      expect(outDatagrams + dropped).toBe(inDatagrams);
    }
  }
}

/** A client that publishes a service on port 27015. */
async function published(
  rules?: VisitorRules,
): Promise<{ readonly pair: Pair; readonly service: Service; readonly listener: Listener }> {
  const pair = await Pair.open();
  const service = await pair.openService(9000);
  pair.client.services.set(service, PORTS);
  const listener = await pair.publish({ ...LIMITS }, PUBLIC, rules);
  return { pair, service, listener };
}

describe('a port that a client has published', () => {
  test('leads to its service, which tells visitors apart, and brings back its replies', async () => {
    const { pair } = await published();
    for (const [text, from] of [
      ['a', ADA],
      ['b', BEN],
      ['c', ADA],
    ] as const) {
      await pair.visit(text, from, PUBLIC);
      await pair.pass(100);
    }
    expect(pair.visits.map(({ text }) => text)).toEqual(['a', 'b', 'c']);
    const [a, b, c] = pair.visits.map(({ from }) => from.port);
    expect(c).toBe(a);
    expect(b).not.toBe(a);
    expect(pair.replies).toEqual([
      '203.0.113.1:4001 from 192.0.2.1:27015: 9000 a',
      '203.0.113.2:4002 from 192.0.2.1:27015: 9000 b',
      '203.0.113.1:4001 from 192.0.2.1:27015: 9000 c',
    ]);
    expect(pair.server.figures()).toMatchObject({ flows: 0, visitors: 2 });
    expectConservation(pair);
  });

  test('is reached at once when its client, which had not known of it yet, does', async () => {
    const pair = await Pair.open();
    const service = await pair.openService(9000);
    await pair.publish({ ...LIMITS }, PUBLIC);
    pair.client.services.areIncomplete = true;
    await pair.visit('early', ADA, PUBLIC);
    await pair.pass(100);
    expect(pair.client.accounts.publish.toJSON().toTarget.drops).toEqual({ resolving: 1 });
    pair.client.services.set(service, PORTS);
    pair.client.services.areIncomplete = false;
    await pair.visit('at once', ADA, PUBLIC);
    await pair.pass(100);
    expect(pair.visits.map(({ text }) => text)).toEqual(['at once']);
    expectConservation(pair);
  });

  test('loses none of a burst of first datagrams', async () => {
    const { pair } = await published();
    const texts = Array.from({ length: 10 }, (_, i) => `${i}`);
    for (const text of texts) await pair.visit(text, ADA, PUBLIC);
    await pair.pass(200);
    expect(pair.visits.map(({ text }) => text)).toEqual(texts);
    expect(pair.replies).toHaveLength(10);
    expect(pair.openServiceSockets).toBe(1);
    expectConservation(pair);
  });

  test.each(['::', '0.0.0.0'])(
    'on all addresses of the server, %s, answers from the one that was asked',
    async (all) => {
      const pair = await Pair.open();
      const service = await pair.openService(9000);
      pair.client.services.set(service, { endpoint: { address: all, port: 27015 }, count: 1 });
      await pair.publish({ ...LIMITS }, { address: '0.0.0.0', port: 27015 });
      await pair.visit('a', ADA, PUBLIC);
      await pair.pass(100);
      expect(pair.replies).toEqual(['203.0.113.1:4001 from 192.0.2.1:27015: 9000 a']);
      const [flow] = pair.server.flows(pair.nowMs, 10);
      expect(flow).toMatchObject({
        mode: 'publish',
        source: '203.0.113.1:4001',
        target: '192.0.2.1:27015',
        client: 'ada',
      });
    },
  );

  test('is open to the newest visitors: at the limit the one that was silent longest gives way', async () => {
    const pair = await Pair.open();
    pair.client.services.set(await pair.openService(9000), PORTS);
    await pair.publish({ idleMs: 60_000, maxFlows: 1 }, PUBLIC);
    await pair.visit('a', ADA, PUBLIC);
    await pair.pass(100);
    await pair.visit('b', BEN, PUBLIC);
    await pair.pass(100);
    expect(pair.visits.map(({ text }) => text)).toEqual(['a', 'b']);
    expect(pair.openServiceSockets).toBe(1);
    expect(pair.server.figures().visitors).toBe(1);
    expectConservation(pair);
  });

  test('refuses a visitor where all that are there go on talking, and counts it', async () => {
    const pair = await Pair.open();
    pair.client.services.set(await pair.openService(9000), PORTS);
    await pair.publish({ idleMs: 60_000, maxFlows: 1 }, PUBLIC);
    for (const text of ['a', 'again']) {
      await pair.visit(text, ADA, PUBLIC);
      await pair.pass(100);
    }
    await pair.visit('b', BEN, PUBLIC);
    await pair.pass(100);
    expect(pair.visits.map(({ text }) => text)).toEqual(['a', 'again']);
    expect(pair.server.figures().publish.toTarget.drops).toEqual({ 'flow-limit': 1 });
    expectConservation(pair);
  });

  test('holds no more visitors than the client itself allows', async () => {
    const pair = await Pair.open();
    const service = await pair.openService(9000);
    service.mapping.maxFlows = 1;
    pair.client.services.set(service, PORTS);
    await pair.publish({ ...LIMITS }, PUBLIC);
    for (const text of ['a', 'again']) {
      await pair.visit(text, ADA, PUBLIC);
      await pair.pass(100);
    }
    await pair.visit('b', BEN, PUBLIC);
    await pair.pass(100);
    expect(pair.visits.map(({ text }) => text)).toEqual(['a', 'again']);
    expect(pair.openServiceSockets).toBe(1);
    expect(pair.client.accounts.publish.toTarget.drops.toJSON()).toEqual({ 'flow-limit': 1 });
    expectConservation(pair);
  });

  test('that the client does not know leads nowhere, and the visitor hears nothing', async () => {
    const pair = await Pair.open();
    await pair.publish({ ...LIMITS }, PUBLIC);
    await pair.visit('a', ADA, PUBLIC);
    await pair.pass(100);
    await pair.visit('b', ADA, PUBLIC);
    await pair.pass(100);
    expect(pair.replies).toEqual([]);
    expect(pair.client.accounts.publish.toTarget.drops.toJSON()).toEqual({ 'not-published': 1 });
    expect(pair.server.figures().publish.toTarget.drops).toEqual({ 'not-published': 1 });
    expectConservation(pair);
  });

  test('waits for the address of its service', async () => {
    const { pair, service } = await published();
    service.targets[0] = undefined;
    await pair.visit('a', ADA, PUBLIC);
    await pair.pass(100);
    expect(pair.client.accounts.publish.toTarget.drops.toJSON()).toEqual({ resolving: 1 });
    service.targets[0] = packed({ address: '127.0.0.1', port: 9000 });
    await pair.visit('b', ADA, PUBLIC);
    await pair.pass(100);
    expect(pair.visits.map(({ text }) => text)).toEqual(['b']);
    expectConservation(pair);
  });

  test('takes no new visitors while the client is away, and keeps those it has', async () => {
    const { pair } = await published();
    await pair.visit('a', ADA, PUBLIC);
    await pair.pass(100);
    pair.client.channel.close(pair.nowMs);
    pair.settle();
    await pair.pass(100);
    await pair.visit('lost', ADA, PUBLIC);
    await pair.visit('lost too', BEN, PUBLIC);
    await pair.pass(100);
    expect(pair.server.figures().publish.toTarget.drops).toEqual({ 'no-session': 2 });
    pair.reconnectClient();
    await pair.pass(1000);
    await pair.visit('b', ADA, PUBLIC);
    await pair.pass(100);
    expect(pair.visits.map(({ text }) => text)).toEqual(['a', 'b']);
    expect(new Set(pair.visits.map(({ from }) => from.port)).size).toBe(1);
    expectConservation(pair);
  });

  test('ends the flows of its visitors when it is closed', async () => {
    const pair = await Pair.open();
    pair.client.services.set(await pair.openService(9000), PORTS);
    const listener = await pair.publish({ ...LIMITS }, PUBLIC);
    await pair.visit('a', ADA, PUBLIC);
    await pair.pass(100);
    expect(pair.openServiceSockets).toBe(1);
    pair.server.removeListener(listener, pair.nowMs);
    pair.settle();
    await pair.pass(100);
    expect(pair.server.figures().visitors).toBe(0);
    expect(pair.openServiceSockets).toBe(0);
  });

  test('with several sockets loses the flows of one that is closed, and no others', async () => {
    const pair = await Pair.open();
    const service = await pair.openService(9000);
    pair.client.services.set(service, { endpoint: PUBLIC, count: 2 });
    const listener = await pair.publish({ ...LIMITS }, PUBLIC);
    const second = { ...PUBLIC, port: PUBLIC.port + 1 };
    service.targets[1] = service.targets[0];
    const port = await pair.addPort(listener, second);
    await pair.visit('a', ADA, PUBLIC);
    await pair.visit('b', ADA, second);
    await pair.pass(100);
    expect(pair.visits.map(({ text }) => text)).toEqual(['a', 'b']);
    expect([listener.ports.length, listener.flowCount]).toEqual([2, 2]);
    listener.removePorts(new Set([port]), FLOW_CLOSE.notPublished, pair.nowMs);
    listener.removePorts(new Set([port]), FLOW_CLOSE.notPublished, pair.nowMs);
    pair.settle();
    await pair.pass(100);
    expect([listener.ports.length, listener.flowCount, service.flowCount]).toEqual([1, 1, 1]);
    await pair.visit('late', ADA, second); // its socket is still open
    expect([listener.flowCount, pair.visits.length]).toEqual([1, 2]);
    await pair.visit('c', ADA, PUBLIC);
    await pair.pass(100);
    expect(pair.visits.map(({ text }) => text)).toEqual(['a', 'b', 'c']);
    expectConservation(pair);
  });

  test('ends the flows of its visitors when the client takes the service away', async () => {
    const { pair, service } = await published();
    await pair.visit('a', ADA, PUBLIC);
    await pair.pass(100);
    pair.client.services.remove(service);
    service.end(FLOW_CLOSE.notPublished, pair.nowMs);
    pair.settle();
    await pair.visit('b', ADA, PUBLIC);
    await pair.pass(100);
    expect(service.flowCount).toBe(0);
    expect(pair.openServiceSockets).toBe(0);
    expect(pair.visits.map(({ text }) => text)).toEqual(['a']);
    expectConservation(pair);
  });

  test('forgets silent visitors after the idle time of the mapping, on both sides', async () => {
    const pair = await Pair.open();
    const service = await pair.openService(9000);
    service.mapping.idleMs = 5000;
    pair.client.services.set(service, PORTS);
    await pair.publish({ idleMs: 5000, maxFlows: 100 }, PUBLIC);
    await pair.visit('a', ADA, PUBLIC);
    await pair.pass(4900);
    expect([pair.server.figures().visitors, service.flowCount]).toEqual([1, 1]);
    await pair.pass(1200);
    expect([pair.server.figures().visitors, service.flowCount]).toEqual([0, 0]);
    expect(pair.openServiceSockets).toBe(0);
  });

  test('whose client is revoked lets nobody in', async () => {
    const { pair } = await published();
    await pair.visit('a', ADA, PUBLIC);
    await pair.pass(100);
    pair.server.updateClients({ changed: [], gone: [pair.knownClient.publicKey] }, pair.nowMs);
    pair.settle();
    expect(pair.server.figures().visitors).toBe(0);
    await pair.visit('b', ADA, PUBLIC);
    await pair.pass(100);
    expect(pair.visits.map(({ text }) => text)).toEqual(['a']);
    expect(pair.server.figures().publish.toTarget.drops).toEqual({ 'no-session': 1 });
  });

  test('drops new visitors while the server drains', async () => {
    const { pair } = await published();
    await pair.server.close(pair.nowMs);
    await pair.visit('a', ADA, PUBLIC);
    await pair.pass(100);
    expect(pair.server.figures().publish.toTarget.drops).toEqual({ draining: 1 });
  });
});

describe('the rules for the visitors of a public port', () => {
  test('refuse a network without a word, and count it', async () => {
    const { pair } = await published({ deny: [addressRange({ address: ADA.address, prefix: 32 })] });
    await pair.visit('a', ADA, PUBLIC);
    await pair.visit('b', BEN, PUBLIC);
    await pair.pass(100);
    expect(pair.visits.map(({ text }) => text)).toEqual(['b']);
    expect(pair.server.figures().publish.toTarget.drops).toEqual({ 'denied-by-policy': 1 });
    expect(pair.server.figures().visitors).toBe(1);
    expectConservation(pair);
  });

  test('bound the flows of one address, over all its ports', async () => {
    const { pair } = await published({ visitorFlows: 1 });
    await pair.visit('a', ADA, PUBLIC);
    await pair.visit('b', { ...ADA, port: 4003 }, PUBLIC);
    await pair.visit('c', BEN, PUBLIC);
    await pair.pass(100);
    expect(pair.visits.map(({ text }) => text)).toEqual(['a', 'c']);
    expect(pair.server.figures().publish.toTarget.drops).toEqual({ 'flow-limit': 1 });
    expectConservation(pair);
  });

  test('let a visitor send so much and no more', async () => {
    const { pair } = await published({ visitorPps: 2 });
    for (const text of ['a', 'b', 'c']) await pair.visit(text, ADA, PUBLIC);
    await pair.pass(600);
    await pair.visit('d', ADA, PUBLIC);
    await pair.pass(100);
    expect(pair.visits.map(({ text }) => text)).toEqual(['a', 'b', 'd']);
    expect(pair.server.figures().publish.toTarget.drops).toEqual({ 'rate-limited': 1 });
    expectConservation(pair);
  });

  test('end the flows of a source that they refuse from now on, at both sides', async () => {
    const { pair, listener } = await published({});
    await pair.visit('a', ADA, PUBLIC);
    await pair.visit('b', BEN, PUBLIC);
    await pair.pass(100);
    const open = listener.applyRules({ allow: [addressRange({ address: BEN.address, prefix: 32 })] });
    for (const flow of open) listener.judge(flow, pair.nowMs);
    pair.settle();
    await pair.pass(100);
    expect([pair.server.figures().visitors, pair.openServiceSockets]).toEqual([1, 1]);
    await pair.visit('again', ADA, PUBLIC);
    await pair.visit('again', BEN, PUBLIC);
    await pair.pass(100);
    expect(pair.visits.map(({ text }) => text)).toEqual(['a', 'b', 'again']);
    expectConservation(pair);
  });
});

test('a flood of spoofed visitors opens no more flows than one client may open, and those that are open go on', async () => {
  const { pair, service } = await published({});
  for (const text of ['hello', 'hello again']) {
    await pair.visit(text, ADA, PUBLIC);
    await pair.pass(100);
  }
  const [port] = pair.publicPorts;
  if (port === undefined) throw new Error('there is no public port');
  for (let i = 0; i < 20_000; i++) port.receive(`10.${i >> 16}.${(i >> 8) & 0xff}.${i & 0xff}`, 'flood');
  await pair.visit('and I', ADA, PUBLIC);
  await pair.pass(100);
  expect(pair.visits.map(({ text }) => text).filter((text) => text !== 'flood')).toEqual([
    'hello',
    'hello again',
    'and I',
  ]);
  expect(pair.server.figures().publish.toTarget.drops['rate-limited']).toBeGreaterThan(15_000);
  expect(service.flowCount).toBeLessThanOrEqual(LIMITS.maxFlows);
  expectConservation(pair);
});
