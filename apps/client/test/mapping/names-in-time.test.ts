import { describe, expect, test } from '@jest/globals';
import {
  DROP,
  decodeName,
  encodeResolvedName,
  PACKED_ENDPOINT_BYTES,
  REQUEST,
  STATUS,
  unpackEndpoint,
} from '@relay/packet';
import { PacketBatch } from '@relay/relay';
import { ClientChannel, generateKeyPair, nodePrimitives, ServerChannel, type Session } from '@relay/session';
import type { Forward } from '../../src/mapping/forward.js';
import { TargetNames, type ResolvedTarget } from '../../src/mapping/target-names.js';
import { forwardTo } from '../support/forward-to.js';

/** Passes the packets of one channel to the other, later. */
class Wire {
  readonly out = new PacketBatch(({ bytes, offsets, lengths, count }) => {
    for (let i = 0; i < count; i++) {
      const offset = offsets[i] ?? 0;
      this.#waiting.push(bytes.slice(offset, offset + (lengths[i] ?? 0)));
    }
    return count;
  });
  readonly #waiting: Uint8Array[] = [];

  /** Returns true if there was anything to deliver. */
  deliver(to: ClientChannel | ServerChannel): boolean {
    this.out.flush();
    const packets = this.#waiting.splice(0);
    for (const bytes of packets) {
      const ends = new Uint8Array(PACKED_ENDPOINT_BYTES).fill(1);
      const [offsets, lengths] = [Uint32Array.of(0), Uint32Array.of(bytes.length)];
      to.receive({ count: 1, bytes, offsets, lengths, sources: ends, locals: ends }, 0, 0);
      while (to.nextFrame(0));
    }
    return packets.length > 0;
  }
}

/** The session of a client with a server that records the requested names, in its own time. */
class Asked {
  readonly requests: { readonly id: number; readonly name: string; readonly request: number }[] = [];
  readonly resolved: ResolvedTarget[] = [];
  readonly session: Session;
  readonly #client: ClientChannel;
  readonly #server: ServerChannel;
  readonly #toServer = new Wire();
  readonly #toClient = new Wire();
  #seen = 0;

  constructor() {
    const [serverKey, clientKey] = [generateKeyPair(), generateKeyPair()];
    this.#server = new ServerChannel({
      primitives: nodePrimitives,
      staticKey: serverKey,
      wallClock: () => 1_790_000_000_000,
      clients: { lookup: () => ({ name: 'ada', limits: {}, newestTimestamp: 0n }), recordTimestamp: () => undefined },
      out: this.#toClient.out,
    });
    this.#client = new ClientChannel({
      primitives: nodePrimitives,
      staticKey: clientKey,
      serverPublicKey: serverKey.publicKey,
      server: { address: '192.0.2.1', port: 7878 },
      out: this.#toServer.out,
    });
    this.#client.connect(0, Date.now());
    this.settle();
    if (this.#client.session === undefined) throw new Error('there is no session');
    this.session = this.#client.session;
  }

  settle(): void {
    while (this.#toServer.deliver(this.#server) || this.#toClient.deliver(this.#client));
    for (let event = this.#server.nextEvent(); event !== undefined; event = this.#server.nextEvent()) {
      if (event.kind !== 'request') continue;
      const decoded = decodeName(event.body);
      const name = typeof decoded === 'string' ? decoded : decoded.name;
      this.requests.push({ id: event.id, name, request: event.request });
    }
  }

  /** Returns the names that were requested since the last call. */
  names(): string[] {
    this.settle();
    const names = this.requests.slice(this.#seen).map(({ name }) => name);
    this.#seen = this.requests.length;
    return names;
  }
}

const targetOf = (forward: Forward): string | undefined => {
  const target = forward.ports[0]?.target;
  return target && unpackEndpoint(target, 0).address;
};
const answer = (ttlMs: number, ...addresses: string[]): Uint8Array => encodeResolvedName({ ttlMs, addresses });

describe('the names of targets, while there is a session', () => {
  const begun = (...forwards: Forward[]) => {
    const asked = new Asked();
    const names = new TargetNames();
    names.follow(forwards, 0);
    names.begin(asked.session, 1000);
    const answered = (...given: Parameters<TargetNames['answered']>): void => {
      const resolved = names.answered(...given);
      if (resolved !== undefined) asked.resolved.push(resolved);
    };
    return { asked, names, answered };
  };
  const lastId = ({ requests }: Asked): number => requests.at(-1)?.id ?? -1;

  test('are requested at once, each once, except those that are addresses', () => {
    const { asked, names } = begun(
      forwardTo('a.example'),
      forwardTo('192.0.2.1'),
      forwardTo('a.example', 54),
      forwardTo('b.example'),
    );
    expect(asked.names()).toEqual(['a.example', 'b.example']);
    expect(asked.requests.map(({ request }) => request)).toEqual([REQUEST.resolve, REQUEST.resolve]);
    names.askDue(1e9);
    expect(asked.names()).toEqual([]);
    expect(names.nextAskMs).toBe(Infinity);
  });

  test('set the targets of all their forwards, by the first address', () => {
    const forwards = [forwardTo('a.example'), forwardTo('a.example', 54), forwardTo('b.example')];
    const { asked, answered } = begun(...forwards);
    asked.settle();
    answered(asked.requests[0]?.id ?? -1, STATUS.done, answer(60_000, '192.0.2.9', '192.0.2.10'), 2000);
    expect(forwards.map(targetOf)).toEqual(['192.0.2.9', '192.0.2.9', undefined]);
    expect(asked.resolved).toEqual([{ name: 'a.example', address: '192.0.2.9' }]);
  });

  test('say why datagrams are dropped: no session, no answer yet, no address, or none that is allowed', () => {
    const forward = forwardTo('a.example');
    const { asked, names, answered } = begun(forward);
    const why = (): number | undefined => forward.ports[0]?.withoutTarget;
    expect(why()).toBe(DROP.resolving);
    asked.settle();
    answered(lastId(asked), STATUS.notFound, new Uint8Array(0), 2000);
    expect(why()).toBe(DROP.unresolved);
    names.askDue(10_000);
    asked.settle();
    answered(lastId(asked), STATUS.denied, new Uint8Array(0), 11_000);
    expect(why()).toBe(DROP.deniedByPolicy);
    names.end();
    expect(why()).toBe(DROP.noSession);
    const later = forwardTo('b.example');
    names.follow([later], 20_000);
    expect(later.ports[0]?.withoutTarget).toBe(DROP.noSession);
  });

  test('are requested again when the answer has expired, but at most every 5 s', () => {
    const { asked, names, answered } = begun(forwardTo('a.example'));
    expect(asked.names()).toEqual(['a.example']);
    answered(lastId(asked), STATUS.done, answer(60_000, '192.0.2.9'), 2000);
    expect(names.nextAskMs).toBe(62_000);
    names.askDue(61_999);
    expect(asked.names()).toEqual([]);
    names.askDue(62_000);
    expect(asked.names()).toEqual(['a.example']);
    answered(lastId(asked), STATUS.done, answer(10, '192.0.2.9'), 70_000);
    expect(names.nextAskMs).toBe(75_000);
  });

  test.each([
    ['is refused', STATUS.notFound, new Uint8Array(0)],
    ['has no address', STATUS.done, answer(60_000)],
    ['cannot be read', STATUS.done, new Uint8Array([9, 9, 9])],
  ])('are requested again after 5 s if the answer %s, and the target stays the same', (_what, status, body) => {
    const forward = forwardTo('a.example');
    const { asked, names, answered } = begun(forward);
    asked.settle();
    answered(lastId(asked), STATUS.done, answer(5000, '192.0.2.9'), 2000);
    names.askDue(7000);
    asked.settle();
    answered(lastId(asked), status, body, 8000);
    expect(asked.resolved.at(-1)).toEqual({ name: 'a.example', address: undefined, reason: expect.any(String) });
    expect(targetOf(forward)).toBe('192.0.2.9');
    expect(names.nextAskMs).toBe(13_000);
  });

  test('are requested 8 at a time, the next as soon as one is answered', () => {
    const { asked, names, answered } = begun(...Array.from({ length: 10 }, (_, i) => forwardTo(`n${i}.example`)));
    expect(asked.names()).toHaveLength(8);
    expect(names.nextAskMs).toBe(Infinity);
    answered(asked.requests[0]?.id ?? -1, STATUS.done, answer(60_000, '192.0.2.9'), 2000);
    expect(asked.names()).toEqual(['n8.example']);
    answered(asked.requests[1]?.id ?? -1, STATUS.limit, new Uint8Array(0), 2000);
    expect(asked.names()).toEqual(['n9.example']);
    expect(names.nextAskMs).toBe(Infinity);
  });

  test('give the next address after one that cannot be reached, and stay there', () => {
    const forward = forwardTo('a.example');
    const { asked, names, answered } = begun(forward);
    asked.settle();
    answered(lastId(asked), STATUS.done, answer(5000, '192.0.2.9', '2001:db8::9'), 2000);
    const first = forward.ports[0]?.target;
    if (first === undefined) throw new Error('it has an address');
    names.unreachable(first);
    expect(targetOf(forward)).toBe('2001:db8::9');
    names.unreachable(first); // of another flow to the former address
    expect(targetOf(forward)).toBe('2001:db8::9');
    names.askDue(7000);
    asked.settle();
    answered(lastId(asked), STATUS.done, answer(5000, '192.0.2.9', '2001:db8::9'), 8000);
    expect(targetOf(forward)).toBe('2001:db8::9');
    names.unreachable(forward.ports[0]?.target ?? first);
    expect(targetOf(forward)).toBe('192.0.2.9');
  });

  test.each([
    ['denied', STATUS.denied, 'the invitation allows none of its addresses'],
    ['not found', STATUS.notFound, 'the server finds no address'],
    ['not looked up in time', STATUS.unavailable, 'name servers'],
    ['too many', STATUS.limit, 'too many names'],
  ])('that are %s have their own reason', (_what, status, words) => {
    const { asked, answered } = begun(forwardTo('a.example'));
    asked.settle();
    answered(lastId(asked), status, new Uint8Array(0), 2000);
    expect(asked.resolved[0]?.reason).toContain(words);
  });

  test('take an answer once, and no answer to another request', () => {
    const { asked, answered } = begun(forwardTo('a.example'));
    asked.settle();
    answered(lastId(asked) + 1, STATUS.done, answer(1000, '192.0.2.9'), 2000);
    expect(asked.resolved).toEqual([]);
    answered(lastId(asked), STATUS.done, answer(1000, '192.0.2.9'), 2000);
    answered(lastId(asked), STATUS.done, answer(1000, '192.0.2.8'), 2000);
    expect(asked.resolved).toEqual([{ name: 'a.example', address: '192.0.2.9' }]);
  });

  test('are not requested after the session has ended, and again in the next session', () => {
    const { asked, names, answered } = begun(forwardTo('a.example'), forwardTo('b.example'));
    expect(asked.names()).toEqual(['a.example', 'b.example']);
    const [first] = asked.requests;
    answered(first?.id ?? -1, STATUS.done, answer(1000, '192.0.2.9'), 2000);
    names.end();
    expect(names.nextAskMs).toBe(Infinity);
    names.askDue(1e9);
    answered(lastId(asked), STATUS.done, answer(1000, '192.0.2.9'), 2000);
    expect([asked.names(), asked.resolved]).toEqual([[], [{ name: 'a.example', address: '192.0.2.9' }]]);
    // Answers to requests of an earlier session mean nothing in the next one.
    const next = new Asked();
    names.begin(next.session, 3000);
    expect(next.names()).toEqual(['a.example', 'b.example']);
  });

  test('ignore answers to an earlier session, even if its end was not seen', () => {
    const { asked, names, answered } = begun(forwardTo('a.example'));
    asked.settle();
    names.begin(new Asked().session, 3000);
    names.begin(asked.session, 4000);
    const [first] = asked.requests;
    answered(first?.id ?? -1, STATUS.done, answer(1000, '192.0.2.9'), 5000);
    expect(asked.resolved).toEqual([]);
  });
});

describe('the names of forwards that change', () => {
  const begin = () => {
    const asked = new Asked();
    const names = new TargetNames();
    const first = forwardTo('a.example');
    names.follow([first], 0);
    names.begin(asked.session, 0);
    asked.settle();
    names.answered(asked.requests[0]?.id ?? -1, STATUS.done, answer(60_000, '192.0.2.9'), 0);
    asked.names();
    return { asked, names, first };
  };

  test('are requested at once if they are new, and known at once if they were known', () => {
    const { asked, names, first } = begin();
    const [same, other] = [forwardTo('a.example', 54), forwardTo('b.example')];
    names.follow([first, same, other], 1000);
    expect(targetOf(same)).toBe('192.0.2.9');
    expect(asked.names()).toEqual(['b.example']);
    expect(names.nextAskMs).toBe(60_000);
  });

  test('are no longer requested if no forward needs them', () => {
    const { asked, names, first } = begin();
    names.follow([forwardTo('b.example')], 1000);
    expect(asked.names()).toEqual(['b.example']);
    expect(names.nextAskMs).toBe(Infinity);
    names.askDue(60_000);
    expect(asked.names()).toEqual([]);
    names.follow([first], 2000);
    expect(asked.names()).toEqual(['a.example']);
  });
});

describe('a forward of the client', () => {
  test('counts no flow before there is one, and writes an IPv6 address in brackets', () => {
    const forward = forwardTo('2001:db8::1', 5);
    expect(forward.listener.flowCount).toBe(0);
    expect(forward.description).toBe('127.0.0.1:5 -> [2001:db8::1]:5');
  });

  test('describes its listening endpoint with all its ports', () => {
    expect(forwardTo('a.example', 53, 54).description).toBe('127.0.0.1:53-54 -> a.example:53-54');
  });
});
