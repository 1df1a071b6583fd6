import { describe, expect, test } from '@jest/globals';
import { Pair } from './pair.js';

/** What the shard says while its client has a session and a flow, and once it has none. */
const SESSIONS = { sessions: 1, flows: 1 };
const NO_SESSIONS = { sessions: 0, flows: 0 };
/** A shard looks at expired invitations this often. */
const LOOK_MS = 1000;

/** A pair whose client has a session and a flow. */
async function withFlow(): Promise<Pair> {
  const pair = await Pair.open();
  await pair.send('x');
  await pair.pass(100);
  expect(pair.server.figures()).toMatchObject(SESSIONS);
  return pair;
}

describe('a shard whose clients change', () => {
  test('ends the session and flows of a client that is gone, and lets it in no more', async () => {
    const pair = await withFlow();
    pair.server.updateClients({ changed: [], gone: [pair.knownClient.publicKey] }, pair.nowMs);
    pair.settle();
    expect(pair.server.figures()).toMatchObject(NO_SESSIONS);
    await pair.pass(100);
    expect(pair.ends).toEqual(['revoked']);
    expect(pair.clientEvents).toContainEqual(expect.objectContaining({ kind: 'disconnected', reason: 'revoked' }));
    pair.reconnectClient();
    await pair.pass(5000);
    expect(pair.server.figures().sessions).toBe(0);
    expect(pair.server.figures().packetDrops).toHaveProperty('unknown-client');
  });

  test('ends the flows that wait for a client which is away, once the client is gone', async () => {
    const pair = await withFlow();
    pair.client.channel.close(pair.nowMs);
    pair.settle();
    await pair.pass(100);
    expect(pair.server.figures()).toMatchObject({ sessions: 0, flows: 1 });
    pair.server.updateClients({ changed: [], gone: [pair.knownClient.publicKey] }, pair.nowMs);
    expect(pair.server.figures()).toMatchObject(NO_SESSIONS);
    expect(pair.server.flows(pair.nowMs, 10)).toEqual([]);
  });

  test('ends the flows that wait for a client which is away, once the server ends', async () => {
    const pair = await withFlow();
    pair.client.channel.close(pair.nowMs);
    pair.settle();
    await pair.pass(100);
    expect(pair.openTargetSockets).toBe(1);
    void pair.server.close(pair.nowMs);
    await pair.pass(100);
    expect(pair.openTargetSockets).toBe(0);
  });

  test('names a client that is gone in the event of its end', async () => {
    const pair = await withFlow();
    pair.server.updateClients({ changed: [], gone: [pair.knownClient.publicKey] }, pair.nowMs);
    pair.settle();
    expect(pair.serverEvents).toContainEqual(expect.objectContaining({ kind: 'disconnected', client: 'ada' }));
  });

  test('lets in a client that came back', async () => {
    const pair = await withFlow();
    pair.server.updateClients({ changed: [], gone: [pair.knownClient.publicKey] }, pair.nowMs);
    pair.server.updateClients({ changed: [pair.knownClient], gone: [] }, pair.nowMs);
    pair.reconnectClient();
    await pair.pass(1000);
    expect(pair.server.figures().sessions).toBe(1);
  });

  test('keeps the session of a client that changes, and judges its flows by its new rights, open ones too', async () => {
    const pair = await withFlow();
    const elsewhere = { range: { address: new Uint8Array(16), prefixBits: 128 }, ports: [] };
    const changed = [{ ...pair.knownClient, name: 'grace', allowances: [elsewhere] }];
    pair.server.updateClients({ changed, gone: [] }, pair.nowMs);
    pair.settle();
    expect(pair.server.figures()).toMatchObject({ sessions: 1, flows: 0 });
    await pair.pass(100);
    await pair.send('y', 1000);
    await pair.send('y', 1001);
    await pair.pass(100);
    expect(pair.server.figures()).toMatchObject({ sessions: 1, flows: 0 });
    expect(pair.server.figures().forward.toTarget.drops).toEqual({ 'denied-by-policy': expect.any(Number) });
    expect(pair.arrivals.map(({ text }) => text)).toEqual(['x']);
    expect(pair.server.sessions(pair.nowMs)).toMatchObject([{ client: 'grace' }]);
    expect(pair.ends).toEqual([]);
  });

  test('leaves the flows alone that the new rights of a client allow', async () => {
    const pair = await withFlow();
    pair.server.updateClients({ changed: [{ ...pair.knownClient, name: 'grace' }], gone: [] }, pair.nowMs);
    expect(pair.server.figures()).toMatchObject(SESSIONS);
    expect(pair.server.flows(pair.nowMs, 10)).toMatchObject([{ client: 'grace' }]);
  });

  test('applies new limits to the session that the client has', async () => {
    const pair = await withFlow();
    const before = pair.arrivals.length;
    const changed = [{ ...pair.knownClient, limits: { packetsPerSecond: 10 } }];
    pair.server.updateClients({ changed, gone: [] }, pair.nowMs);
    for (let i = 0; i < 200; i++) await pair.send('z');
    await pair.pass(100);
    expect(pair.arrivals.length - before).toBeLessThanOrEqual(12);
    pair.server.updateClients({ changed: [pair.knownClient], gone: [] }, pair.nowMs);
    const limited = pair.arrivals.length;
    for (let i = 0; i < 100; i++) await pair.send('z');
    await pair.pass(100);
    expect(pair.arrivals.length - limited).toBe(100);
  });
});

describe('a shard with a client whose invitation expires', () => {
  test('ends its session and flows within a second, and lets it in no more', async () => {
    const pair = await withFlow();
    pair.server.updateClients({ changed: [pair.expiringIn(2500)], gone: [] }, pair.nowMs);
    pair.settle();
    await pair.pass(2499);
    expect(pair.server.figures()).toMatchObject(SESSIONS);
    await pair.pass(LOOK_MS + 1);
    expect(pair.server.figures()).toMatchObject(NO_SESSIONS);
    expect(pair.ends).toEqual(['expired']);
    expect(pair.clientEvents).toContainEqual(expect.objectContaining({ kind: 'disconnected', reason: 'expired' }));
    pair.reconnectClient();
    await pair.pass(5000);
    expect(pair.server.figures().sessions).toBe(0);
  });

  test('opens no flow for it from then on', async () => {
    const pair = await withFlow();
    pair.server.updateClients({ changed: [pair.expiringIn(0.5)], gone: [] }, pair.nowMs);
    await pair.send('y', 1001);
    await pair.pass(20);
    expect(pair.server.figures().forward.toTarget.drops).toEqual({ 'denied-by-policy': 1 });
  });

  test('ends its session at once where it has expired already', async () => {
    const pair = await withFlow();
    pair.server.updateClients({ changed: [pair.expiringIn(0)], gone: [] }, pair.nowMs);
    pair.settle();
    expect(pair.server.figures()).toMatchObject(NO_SESSIONS);
    expect(pair.ends).toEqual(['expired']);
  });

  test('has nothing to do for it until then, nor where no invitation expires', async () => {
    const pair = await withFlow();
    pair.client.channel.close(pair.nowMs);
    pair.settle();
    await pair.pass(60_000);
    expect(pair.server.nextWakeMs).toBe(Infinity);
    pair.server.updateClients({ changed: [pair.expiringIn(60_000)], gone: [] }, pair.nowMs);
    pair.server.wake(pair.nowMs);
    expect(pair.server.nextWakeMs).toBe(pair.nowMs + LOOK_MS);
    pair.server.updateClients({ changed: [pair.knownClient], gone: [] }, pair.nowMs);
    expect(pair.server.nextWakeMs).toBe(Infinity);
  });
});

test('a shard hands out the timestamp of a completed handshake, and refuses one that is older than it knows', async () => {
  const pair = await Pair.open();
  const [newest] = pair.serverEvents.flatMap((event) => (event.kind === 'newest-timestamp' ? [event] : []));
  expect(newest).toMatchObject({ publicKey: pair.knownClient.publicKey });
  expect(newest?.timestamp).toBeGreaterThan(0n);
  await pair.restartServer();
  pair.server.updateClients(
    { changed: [{ ...pair.knownClient, newestTimestamp: (1n << 96n) - 1n }], gone: [] },
    pair.nowMs,
  );
  pair.reconnectClient();
  await pair.pass(1000);
  expect(pair.server.figures().packetDrops).toHaveProperty('stale-timestamp');
});

describe('a shard after a restart', () => {
  test('wakes its clients where they have proven themselves, and they come back at once', async () => {
    const pair = await Pair.open();
    const proven = pair.serverEvents.flatMap((event) => (event.kind === 'proven-address' ? [event] : []));
    expect(proven.at(-1)).toMatchObject({ publicKey: pair.knownClient.publicKey });
    expect(structuredClone(proven)).toEqual(proven);
    await pair.restartServer();
    pair.server.wakeClients(proven, pair.nowMs);
    pair.settle();
    await pair.pass(100);
    expect(pair.server.figures().sessions).toBe(1);
    await pair.pass(10_000);
    expect(pair.clientEvents.filter(({ kind }) => kind === 'connected')).toHaveLength(2);
    expect(pair.server.nextWakeMs).toBeGreaterThan(pair.nowMs);
  });

  test('wakes nobody who is not its client any more', async () => {
    const pair = await Pair.open();
    const proven = pair.serverEvents.flatMap((event) => (event.kind === 'proven-address' ? [event] : []));
    await pair.restartServer();
    pair.server.wakeClients(proven, pair.nowMs);
    pair.server.updateClients({ changed: [], gone: [pair.knownClient.publicKey] }, pair.nowMs);
    pair.settle();
    await pair.pass(5000);
    expect(pair.clientEvents.filter(({ kind }) => kind === 'connected')).toHaveLength(1);
    expect(pair.server.figures().sessions).toBe(0);
  });
});

describe('the limit of all flows of a server', () => {
  test('makes a client give up the flow that was silent longest, and its target hears the new one', async () => {
    const pair = await Pair.open({ maxFlows: 2 });
    for (const source of [1000, 1001, 1002]) {
      await pair.send(`${source}`, source);
      await pair.pass(300);
    }
    expect(pair.replies).toEqual(['1000 1000', '1001 1001', '1002 1002']);
    expect(pair.server.figures()).toMatchObject({ flows: 2, forward: { toTarget: { drops: {} } } });
    expect(pair.openTargetSockets).toBe(2);
  });

  test('refuses a new flow where those that there are go on', async () => {
    const pair = await Pair.open({ maxFlows: 1 });
    for (const text of ['a', 'again']) {
      await pair.send(text, 1000);
      await pair.pass(300);
    }
    await pair.send('one too many', 1001);
    await pair.pass(300);
    expect(pair.server.figures()).toMatchObject({ flows: 1, forward: { toTarget: { drops: { 'flow-limit': 1 } } } });
  });
});

test('the limit of sockets to targets makes flows give way, as that of flows does', async () => {
  const pair = await Pair.open({ maxSockets: 2 });
  for (const source of [1000, 1001, 1002]) {
    await pair.send(`${source}`, source);
    await pair.pass(300);
  }
  expect(pair.replies).toEqual(['1000 1000', '1001 1001', '1002 1002']);
  expect([pair.server.figures().flows, pair.openTargetSockets]).toEqual([2, 2]);
});

describe('flows that take the places of others faster than sockets close', () => {
  const BURST = 100;
  /** A server whose sockets to targets close once `close` is called. */
  async function slowlyClosing(maxFlows: number): Promise<{ pair: Pair; close: () => void }> {
    const held: (() => void)[] = [];
    const pair = await Pair.open({ maxFlows, maxFlowsPerClient: BURST }, {}, (socket) => {
      const close = socket.close.bind(socket);
      socket.close = async () => {
        await new Promise<void>((resolve) => held.push(resolve));
        await close();
      };
    });
    return { pair, close: () => held.splice(0).forEach((resolve) => resolve()) };
  }
  const burst = async (pair: Pair, firstSource: number): Promise<void> => {
    for (let i = 0; i < BURST; i++) await pair.send('question', firstSource + i);
    await pair.pass(300);
  };

  // A resolver that asks each question from a new port, and a server that is late for a moment.
  test('are all carried where the server has room for more flows than it has', async () => {
    const { pair, close } = await slowlyClosing(1000);
    await burst(pair, 2000);
    await burst(pair, 3000);
    expect(pair.server.figures()).toMatchObject({ flows: BURST / 2, forward: { toTarget: { drops: {} } } });
    expect(pair.arrivals).toHaveLength(2 * BURST);
    expect(pair.openTargetSockets).toBe(2 * BURST);
    close();
    await pair.pass(1);
    expect(pair.openTargetSockets).toBe(BURST / 2);
  });

  test('are refused where it has not, until sockets are closed', async () => {
    const { pair, close } = await slowlyClosing(BURST);
    await burst(pair, 2000);
    await burst(pair, 3000);
    const { overloaded = 0 } = pair.server.figures().forward.toTarget.drops;
    expect(overloaded).toBeGreaterThan(0);
    expect(pair.openTargetSockets).toBeLessThanOrEqual(BURST + 64);
    close();
    await pair.pass(1);
    await pair.send('question', 4000);
    await pair.pass(300);
    expect(pair.replies.at(-1)).toBe('4000 question');
  });
});
