import { MessageChannel, receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
import { describe, expect, test } from '@jest/globals';
import { REQUEST, STATUS } from '@relay/packet';
import type { Shard, ShardEvent } from '../../src/index.js';
import { plainEvent } from '../../src/shard-data.js';
import { Pair } from './pair.js';

/** All that a shard says of itself, at one time. */
const said = (shard: Shard, nowMs: number) => ({
  events: shard.takeEvents(),
  figures: shard.figures(),
  sessions: shard.sessions(nowMs),
  flows: shard.flows(nowMs, 10),
});

/** A pair after every kind of thing that its server may say, but for faults. */
async function eventful(): Promise<Pair> {
  const pair = await Pair.open();
  await pair.send('x');
  pair.client.channel.session?.request(REQUEST.resolve, new Uint8Array([1, 2, 3]), pair.nowMs);
  await pair.pass(200);
  pair.mayReach = false;
  await pair.send('y', 1001);
  pair.serverHost.refusalOf = ({ port }) => (port === 7 ? 'EPERM' : undefined);
  await pair.send('z');
  await pair.pass(200);
  pair.reconnectClient();
  await pair.pass(1000);
  return pair;
}

const kinds = (events: readonly ShardEvent[]): Set<string> => new Set(events.map(({ kind }) => kind));

describe('what a shard says', () => {
  test('of sessions, flows and figures survives the way to another thread', async () => {
    const pair = await eventful();
    const data = { ...said(pair.server, pair.nowMs), events: pair.serverEvents };
    expect(kinds(data.events)).toEqual(
      new Set([
        'connected',
        'proven-address',
        'parameters',
        'newest-timestamp',
        'request',
        'target-failed',
        'disconnected',
      ]),
    );
    const { publicKey } = pair.knownClient;
    const facts = data.events.filter(({ kind }) => ['connected', 'request', 'disconnected'].includes(kind));
    expect(facts.map((event) => 'publicKey' in event && event.publicKey)).toEqual(facts.map(() => publicKey));
    expect(data.events.find(({ kind }) => kind === 'request')).toMatchObject({ request: REQUEST.resolve, features: 0 });
    expect([data.sessions.length, data.flows.length]).toEqual([1, 1]);
    expect(data.figures.forward.toTarget.drops).toEqual({ loop: 1, 'send-failed': 1 });
    expect(structuredClone(data)).toEqual(data);
    expect(plainFaults(data)).toEqual([]);
  });

  test.each([
    ['an error', new TypeError('x is not a function'), 'x is not a function'],
    ['an error whose cause no other thread can receive', new Error('a', { cause: () => 1 }), 'a'],
    ['a function', () => 1, 'a value of type function was thrown'],
    ['a text', 'out of luck', 'out of luck'],
  ])('of a fault that threw %s survives it too, with its message and stack', (_what, error, message) => {
    const event = plainEvent({ kind: 'fault', session: undefined, error }, 'ada');
    const copy: ShardEvent = structuredClone(event);
    expect(copy).toMatchObject({ kind: 'fault', client: 'ada' });
    if (copy.kind !== 'fault') throw new Error('it is another event');
    if (typeof error === 'string') expect(copy.error).toBe(error);
    else expect(copy.error).toMatchObject({ message });
    if (error instanceof Error) expect(copy.error).toMatchObject({ stack: error.stack });
  });
});

/** A shard, as another thread has it: what goes in and what comes out pass a port. */
class Remote {
  readonly #shard: Shard;
  readonly #pair: Pair;
  readonly #near: MessagePort;
  readonly #far: MessagePort;

  constructor(pair: Pair) {
    this.#pair = pair;
    this.#shard = pair.server;
    const { port1, port2 } = new MessageChannel();
    this.#near = port1;
    this.#far = port2;
  }

  /** What `use` returns for this argument, both carried by the port. */
  call<Argument, Answer>(use: (shard: Shard, argument: Argument) => Answer, argument: Argument): Answer {
    return carried(this.#far, this.#near, use(this.#shard, carried(this.#near, this.#far, argument)));
  }

  get nowMs(): number {
    return this.#pair.nowMs;
  }

  close(): void {
    this.#near.close();
  }
}

function carried<Value>(from: MessagePort, to: MessagePort, value: Value): Value {
  from.postMessage({ value });
  const received: { readonly message: { readonly value: Value } } | undefined = receiveMessageOnPort(to);
  if (received === undefined) throw new Error('nothing came through the port');
  return received.message.value;
}

test('a shard whose clients, requests and ends come through a MessagePort does all that it does without', async () => {
  const pair = await Pair.open();
  const remote = new Remote(pair);
  const { nowMs } = remote;
  await pair.send('x');
  pair.client.channel.session?.request(REQUEST.resolve, new Uint8Array([1]), nowMs);
  await pair.pass(200);
  const [request] = pair.serverEvents.flatMap((event) => (event.kind === 'request' ? [event] : []));
  if (request === undefined) throw new Error('no request came');
  const answered = remote.call((shard, asked) => shard.answer(asked, STATUS.done, new Uint8Array([9]), nowMs), request);
  expect(answered).toBe(0);
  pair.settle();
  await pair.pass(200);
  expect(pair.clientEvents).toContainEqual(expect.objectContaining({ kind: 'answer', status: STATUS.done }));

  const figures = remote.call((shard) => said(shard, nowMs), undefined);
  expect(figures).toMatchObject({ figures: { sessions: 1, flows: 1 }, flows: [{ client: 'ada' }] });
  const [session] = figures.sessions;
  expect(remote.call((shard, id) => shard.closeSession(id, 'kicked', nowMs), session?.id ?? -1)).toBe(true);
  pair.settle();
  pair.reconnectClient();
  await pair.pass(1000);
  expect(pair.server.figures().sessions).toBe(1);

  remote.call((shard, change) => shard.updateClients(change, pair.nowMs), {
    changed: [],
    gone: [pair.knownClient.publicKey],
  });
  pair.settle();
  await pair.pass(100);
  expect(pair.server.figures().sessions).toBe(0);
  remote.call((shard, change) => shard.updateClients(change, pair.nowMs), { changed: [pair.knownClient], gone: [] });
  pair.reconnectClient();
  await pair.pass(1000);
  await pair.send('again');
  await pair.pass(100);
  expect(pair.replies).toEqual(['1000 x', '1000 again']);
  expect(pair.ends).toEqual(['kicked', 'revoked']);
  remote.close();
});

/** Where in `value` something lies that a copy would not have: an object of a class, a function. */
function plainFaults(value: unknown, path = ''): string[] {
  if (typeof value === 'function') return [path];
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [];
  const { name } = value.constructor;
  const own = name === 'Object' || name === 'Array' ? [] : [`${path}: ${name}`];
  return [...own, ...Object.entries(value).flatMap(([key, part]) => plainFaults(part, `${path}.${key}`))];
}
