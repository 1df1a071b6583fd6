import { describe, expect, test } from '@jest/globals';
import { decodeName, encodeResolvedName, REQUEST, STATUS, unpackEndpoint } from '@relay/packet';
import {
  ClientChannel,
  generateKeyPair,
  nodePrimitives,
  ServerChannel,
  type PacketOut,
  type Session,
  type SessionEvent,
} from '@relay/session';
import { createSocket } from '@relay/socket';
import { Forward } from '../../src/mapping/forward.js';
import { TargetNames } from '../../src/mapping/target-names.js';

const forwardTo = (host: string, port = 53): Forward =>
  new Forward({ target: { host, first: port, last: port }, idle: 120_000, maxFlows: 10 }, createSocket);

/** A client's session with a server that keeps the names it is asked for, in a time of its own. */
class Asked {
  readonly requests: { readonly id: number; readonly name: string; readonly request: number }[] = [];
  readonly resolved: [name: string, address: string | undefined][] = [];
  readonly session: Session;
  /** Delivers what both have sent. */
  readonly settle: () => void;

  constructor() {
    const [serverKey, clientKey] = [generateKeyPair(), generateKeyPair()];
    const [toServer, toClient] = [newOut(), newOut()];
    const server = new ServerChannel({
      staticKey: serverKey,
      primitives: nodePrimitives,
      resetSecret: new Uint8Array(32),
      clients: { lookup: () => ({ name: 'ada', limits: {}, newestTimestamp: 0n }), recordTimestamp: () => undefined },
      out: toClient,
    });
    const client = new ClientChannel({
      staticKey: clientKey,
      primitives: nodePrimitives,
      serverPublicKey: serverKey.publicKey,
      server: { address: '192.0.2.1', port: 7878 },
      out: toServer,
    });
    this.settle = () => {
      while (toServer.packets.length + toClient.packets.length > 0) {
        for (const packet of toServer.packets.splice(0)) take(server, packet);
        for (const packet of toClient.packets.splice(0)) take(client, packet);
      }
      for (let event = server.nextEvent(); event !== undefined; event = server.nextEvent()) this.#happened(event);
    };
    client.connect(0, Date.now());
    this.settle();
    if (client.session === undefined) throw new Error('there is no session');
    this.session = client.session;
  }

  /** The names that were asked for since the last call. */
  names(): string[] {
    this.settle();
    return this.requests
      .map(({ name }) => name)
      .splice(this.#seen, Infinity)
      .map((name) => (this.#seen++, name));
  }

  #seen = 0;

  #happened(event: SessionEvent): void {
    if (event.kind !== 'request') return;
    const decoded = decodeName(event.body);
    const name = typeof decoded === 'string' ? decoded : decoded.name;
    this.requests.push({ id: event.id, name, request: event.request });
  }
}

/** Keeps the packets that a channel sends. */
function newOut(): PacketOut & { readonly packets: Uint8Array[] } {
  const [bytes, packets] = [new Uint8Array(2048), new Array<Uint8Array>()];
  return { bytes, packets, reserve: () => 0, add: (length) => packets.push(bytes.slice(0, length)) };
}

function take(channel: ClientChannel | ServerChannel, bytes: Uint8Array): void {
  const [offsets, lengths] = [Uint32Array.of(0), Uint32Array.of(bytes.length)];
  const endpoint = new Uint8Array(24).fill(1);
  channel.receive({ count: 1, bytes, offsets, lengths, sources: endpoint, locals: endpoint }, 0, 0);
  while (channel.nextFrame(0));
}

const targetOf = (forward: Forward): string | undefined => {
  const target = forward.listeners[0]?.target;
  return target && unpackEndpoint(target, 0).address;
};
const answer = (ttlMs: number, ...addresses: string[]): Uint8Array => encodeResolvedName({ ttlMs, addresses });

describe('the names of targets, while there is a session', () => {
  const begun = (...forwards: Forward[]) => {
    const asked = new Asked();
    const names = new TargetNames(forwards, (name, address) => asked.resolved.push([name, address]));
    names.begin(asked.session, 1000);
    return { asked, names };
  };
  const lastId = ({ requests }: Asked): number => requests.at(-1)?.id ?? -1;

  test('are asked for at once, each once, and those that are addresses not at all', () => {
    const { asked, names } = begun(
      forwardTo('a.example'),
      forwardTo('192.0.2.1'),
      forwardTo('a.example', 54),
      forwardTo('b.example'),
    );
    expect(asked.names()).toEqual(['a.example', 'b.example']);
    expect(asked.requests.map(({ request }) => request)).toEqual([REQUEST.resolve, REQUEST.resolve]);
    names.look(1e9);
    expect(asked.names()).toEqual([]);
    expect(names.nextLookMs).toBe(Infinity);
  });

  test('settle the targets of all forwards to them, by the first address', () => {
    const forwards = [forwardTo('a.example'), forwardTo('a.example', 54), forwardTo('b.example')];
    const { asked, names } = begun(...forwards);
    asked.settle();
    names.answered(asked.requests[0]?.id ?? -1, STATUS.done, answer(60_000, '192.0.2.9', '192.0.2.10'), 2000);
    expect(forwards.map(targetOf)).toEqual(['192.0.2.9', '192.0.2.9', undefined]);
    expect(asked.resolved).toEqual([['a.example', '192.0.2.9']]);
  });

  test('are asked for again when the answer has had its time, but no more than every 5 s', () => {
    const { asked, names } = begun(forwardTo('a.example'));
    expect(asked.names()).toEqual(['a.example']);
    names.answered(lastId(asked), STATUS.done, answer(60_000, '192.0.2.9'), 2000);
    expect(names.nextLookMs).toBe(62_000);
    names.look(61_999);
    expect(asked.names()).toEqual([]);
    names.look(62_000);
    expect(asked.names()).toEqual(['a.example']);
    names.answered(lastId(asked), STATUS.done, answer(10, '192.0.2.9'), 70_000);
    expect(names.nextLookMs).toBe(75_000);
  });

  test.each([
    ['is refused', STATUS.notFound, new Uint8Array(0)],
    ['has no address', STATUS.done, answer(60_000)],
    ['cannot be read', STATUS.done, new Uint8Array([9, 9, 9])],
  ])('are asked for again after 5 s if the answer %s, and the target stays what it was', (_what, status, body) => {
    const forward = forwardTo('a.example');
    const { asked, names } = begun(forward);
    asked.settle();
    names.answered(lastId(asked), STATUS.done, answer(5000, '192.0.2.9'), 2000);
    names.look(7000);
    asked.settle();
    names.answered(lastId(asked), status, body, 8000);
    expect(asked.resolved.at(-1)).toEqual(['a.example', undefined]);
    expect(targetOf(forward)).toBe('192.0.2.9');
    expect(names.nextLookMs).toBe(13_000);
  });

  test('take an answer once, and none to what was not asked', () => {
    const { asked, names } = begun(forwardTo('a.example'));
    asked.settle();
    names.answered(lastId(asked) + 1, STATUS.done, answer(1000, '192.0.2.9'), 2000);
    expect(asked.resolved).toEqual([]);
    names.answered(lastId(asked), STATUS.done, answer(1000, '192.0.2.9'), 2000);
    names.answered(lastId(asked), STATUS.done, answer(1000, '192.0.2.8'), 2000);
    expect(asked.resolved).toEqual([['a.example', '192.0.2.9']]);
  });

  test('are left alone once the session has ended, and asked for again with the next', () => {
    const { asked, names } = begun(forwardTo('a.example'), forwardTo('b.example'));
    expect(asked.names()).toEqual(['a.example', 'b.example']);
    const [first] = asked.requests;
    names.answered(first?.id ?? -1, STATUS.done, answer(1000, '192.0.2.9'), 2000);
    names.end();
    expect(names.nextLookMs).toBe(Infinity);
    names.look(1e9);
    names.answered(lastId(asked), STATUS.done, answer(1000, '192.0.2.9'), 2000);
    expect([asked.names(), asked.resolved]).toEqual([[], [['a.example', '192.0.2.9']]]);
    // Answers to what an earlier session asked mean nothing in the next.
    const next = new Asked();
    names.begin(next.session, 3000);
    expect(next.names()).toEqual(['a.example', 'b.example']);
  });

  test('that were asked in an earlier session are not answered in the next, without an end between', () => {
    const { asked, names } = begun(forwardTo('a.example'));
    asked.settle();
    names.begin(new Asked().session, 3000);
    names.begin(asked.session, 4000);
    const [first] = asked.requests;
    names.answered(first?.id ?? -1, STATUS.done, answer(1000, '192.0.2.9'), 5000);
    expect(asked.resolved).toEqual([]);
  });
});

describe('a forward', () => {
  test('counts no flow before there is one, and writes an address of IPv6 in brackets', () => {
    const forward = forwardTo('2001:db8::1', 5);
    expect(forward.flowCount).toBe(0);
    expect(forward.description).toBe('127.0.0.1:5 -> [2001:db8::1]:5');
  });

  test.each([
    [{ address: '127.0.0.1', first: 10, last: 11 }, '127.0.0.1:10-11 -> a.example:53-54'],
    [{ address: '::', first: 10, last: 11 }, '[::]:10-11 -> a.example:53-54'],
  ])('says where it listens: %j', (listen, description) => {
    const target = { host: 'a.example', first: 53, last: 54 };
    const forward = new Forward({ target, listen, idle: 1000, maxFlows: 2 }, createSocket);
    expect(forward.description).toBe(description);
    expect([forward.idleMs, forward.maxFlows]).toEqual([1000, 2]);
    expect(forward.listeners.map(({ isWildcard }) => isWildcard)).toEqual([
      listen.address === '::',
      listen.address === '::',
    ]);
  });
});
