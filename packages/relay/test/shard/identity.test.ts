import { describe, expect, test } from '@jest/globals';
import {
  decodeProxiedDatagram,
  decodeSimpleProxiedDatagram,
  encodeSimpleProxiedDatagram,
  formatEndpoint,
  PACKED_ENDPOINT_BYTES,
  unpackEndpoint,
  type Endpoint,
} from '@relay/packet';
import { IDENTITIES, Service, type Identity } from '../../src/index.js';
import { packed, Pair, SERVER } from './pair.js';

const ADA: Endpoint = { address: '203.0.113.1', port: 4001 };
const PUBLIC: Endpoint = { address: SERVER.address, port: 27015 };

/** A service that keeps each datagram as it came, and answers as it is told to. */
class Stage {
  readonly pair: Pair;
  readonly received: Buffer[] = [];
  answer: (received: Buffer) => Uint8Array | undefined = () => undefined;

  private constructor(pair: Pair) {
    this.pair = pair;
  }

  static async open(identity: Identity | undefined): Promise<Stage> {
    const stage = new Stage(await Pair.open());
    const socket = stage.pair.clientHost.createSocket({ local: { address: '127.0.0.1', port: 9000 } });
    socket.onReceive = ({ count, bytes, offsets, lengths, sources }) => {
      for (let i = 0; i < count; i++) {
        const [from, length] = [offsets[i] ?? 0, lengths[i] ?? 0];
        const received = Buffer.from(bytes.subarray(from, from + length));
        stage.received.push(received);
        const answer = stage.answer(received);
        if (answer !== undefined) socket.send(answer, unpackEndpoint(sources, i * PACKED_ENDPOINT_BYTES));
      }
    };
    await socket.open();
    const service = new Service({ idleMs: 60_000, maxFlows: 100, identity }, [packed(socket.local)]);
    stage.pair.client.services.set(service, { endpoint: PUBLIC, count: 1 });
    await stage.pair.publish({ idleMs: 60_000, maxFlows: 100 }, PUBLIC);
    return stage;
  }

  async visit(text: string): Promise<void> {
    await this.pair.visit(text, ADA, PUBLIC);
    await this.pair.pass(100);
  }

  /** What came, with the source that its header names. */
  get heard(): string[] {
    return this.received.map((bytes) => {
      const proxied = decodeProxiedDatagram(bytes);
      if (typeof proxied !== 'string' && proxied.endpoints !== undefined)
        return heardFrom(proxied.endpoints.source, proxied.endpoints.destination, proxied.payload);
      const simple = decodeSimpleProxiedDatagram(bytes);
      return typeof simple === 'string'
        ? bytes.toString()
        : heardFrom(simple.source, simple.destination, simple.payload);
    });
  }
}

const heardFrom = (source: Endpoint, destination: Endpoint, payload: Uint8Array): string =>
  `${formatEndpoint(source)} to ${formatEndpoint(destination)}: ${Buffer.from(payload).toString()}`;

const NAMED = `${formatEndpoint(ADA)} to ${formatEndpoint(PUBLIC)}: `;

describe('a service learns the visitor', () => {
  test('from the socket of the flow alone, where nothing is configured', async () => {
    const stage = await Stage.open(undefined);
    await stage.visit('a');
    expect(stage.heard).toEqual(['a']);
  });

  test.each([
    ['proxy-v2-first', [`${NAMED}a`, 'b', 'c', 'd']],
    ['proxy-v2-until-reply', [`${NAMED}a`, `${NAMED}b`, 'c', 'd']],
    ['proxy-v2-every', ['a', 'b', 'c', 'd'].map((text) => NAMED + text)],
    ['spp', ['a', 'b', 'c', 'd'].map((text) => NAMED + text)],
  ] as const)('by %s, as often as that says', async (identity, heard) => {
    const stage = await Stage.open(identity);
    await stage.visit('a');
    stage.answer = () => Buffer.from('an answer');
    for (const text of ['b', 'c', 'd']) await stage.visit(text);
    expect(stage.heard).toEqual(heard);
    expect(stage.pair.replies).toEqual(
      Array(3).fill(`${formatEndpoint(ADA)} from ${formatEndpoint(PUBLIC)}: an answer`),
    );
  });

  test.each(IDENTITIES)('by %s in front of datagrams that came before its socket was open', async (identity) => {
    const stage = await Stage.open(identity);
    const { pair } = stage;
    for (let i = 0; i < 3; i++) await pair.visit(`${i}`, ADA, PUBLIC);
    await pair.pass(100);
    expect(stage.heard[0]).toBe(`${NAMED}0`);
    expect(stage.heard.map((text) => text.at(-1))).toEqual(['0', '1', '2']);
  });
});

describe('a reply to a service that takes Simple Proxy Protocol', () => {
  test('loses the header that the service repeats', async () => {
    const stage = await Stage.open('spp');
    stage.answer = (received) => received;
    await stage.visit('hello');
    expect(stage.pair.replies).toEqual([`${formatEndpoint(ADA)} from ${formatEndpoint(PUBLIC)}: hello`]);
  });

  test('keeps the header of another flow, which is its own business', async () => {
    const stage = await Stage.open('spp');
    const other = encodeSimpleProxiedDatagram({ source: PUBLIC, destination: ADA, payload: Buffer.from('x') });
    stage.answer = () => other;
    await stage.visit('hello');
    expect(stage.pair.client.accounts.publish.toJSON().fromTarget.inBytes).toBe(other.length);
  });
});

test('a datagram that is too large with its header is dropped and counted', async () => {
  const stage = await Stage.open('proxy-v2-every');
  await stage.visit('x'.repeat(65_480));
  await stage.visit('y');
  expect(stage.heard).toEqual([`${NAMED}y`]);
  expect(stage.pair.client.accounts.publish.toTarget.drops.toJSON()).toEqual({ 'too-large': 1 });
});
