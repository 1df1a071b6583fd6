import { describe, expect, test } from '@jest/globals';
import { STATUS } from '@relay/packet';
import fc from 'fast-check';
import { addressesMeet } from '../../src/publish/publication.js';
import { PublishStage, SERVER, wanted, type StageClient } from '../support/publish-stage.js';

const ADDRESSES = ['::', SERVER, '127.0.0.1'];
const FIRST = 100;
const RIGHTS = { first: FIRST, last: FIRST + 11 };
const NARROW = { first: FIRST, last: FIRST + 5 };

/** What a client does, by its number; ports are counted from the first on. */
type Step =
  | { readonly what: 'publish'; port: number; count: number; address: number; token: number | undefined }
  | { readonly what: 'unpublish' | 'begin' | 'end' | 'revoke' | 'allow' | 'narrow' | 'occupy' | 'vacate' }
  | { readonly what: 'pass'; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constant('publish' as const),
      port: fc.integer({ min: 0, max: 10 }),
      count: fc.integer({ min: 1, max: 4 }),
      address: fc.nat(2),
      token: fc.option(fc.nat(3), { nil: undefined }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      what: fc.constantFrom('unpublish', 'begin', 'end', 'revoke', 'allow', 'narrow', 'occupy', 'vacate'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('pass' as const), ms: fc.constantFrom(1, 4000, 50_000) }) },
);
const story = fc.array(fc.record({ client: fc.nat(2), isAwaited: fc.boolean(), step }), { maxLength: 40 });

/** Clients on one host that do as they like, and another program beside. */
class Crowd {
  readonly stage = new PublishStage({ hostSockets: 20, maxSockets: 16 });
  readonly #clients = ['ada', 'bob', 'eve'].map((name) => this.stage.client(name, RIGHTS));
  readonly #underWay: Promise<unknown>[] = [];
  #other: { close(): Promise<void> } | undefined;

  async do(number: number, done: Step, isAwaited: boolean): Promise<void> {
    const client = this.#clients[number];
    if (client === undefined) throw new Error('there is no such client');
    const doing = this.#do(client, done);
    this.#underWay.push(doing);
    if (isAwaited) await doing;
  }

  async #do(client: StageClient, done: Step): Promise<unknown> {
    const { stage } = this;
    switch (done.what) {
      case 'publish': {
        const first = done.port === 0 ? 0 : FIRST + done.port - 1;
        const last = first + (first === 0 ? 0 : done.count - 1);
        return stage.publish(client, wanted(`${first}-${last}`, { token: done.token }, ADDRESSES[done.address]));
      }
      case 'unpublish': {
        const own = stage.assignments().find(({ publicKey }) => publicKey === client.publicKey);
        return own && stage.publications.unpublish(client, own.ports);
      }
      case 'begin':
        stage.begin(client);
        return undefined;
      case 'end':
        if (client.session !== 0) stage.end(client);
        return undefined;
      case 'revoke':
        stage.revoke(client);
        return undefined;
      case 'allow':
        stage.allow(client, RIGHTS);
        return undefined;
      case 'narrow':
        stage.allow(client, NARROW);
        return undefined;
      case 'occupy':
        return this.#occupy();
      case 'vacate':
        return this.#other?.close();
      case 'pass':
        return stage.pass(done.ms);
    }
  }

  async #occupy(): Promise<void> {
    await this.#other?.close();
    this.#other = await this.stage.occupy({ address: '::', port: FIRST + 3 }).catch(() => undefined);
  }

  async allDone(): Promise<void> {
    await Promise.all(this.#underWay);
    await this.stage.pass(1);
  }

  async close(): Promise<void> {
    await this.#other?.close();
    for (const client of this.#clients) this.stage.revoke(client);
    await this.allDone();
  }
}

/** No port is held twice, and what is open is held. */
function expectOneOwnerEach({ stage }: Crowd): void {
  const held = stage
    .assignments()
    .flatMap(({ publicKey, ports: { endpoint, count } }) =>
      Array.from({ length: count }, (_, i) => ({ publicKey, address: endpoint.address, port: endpoint.port + i })),
    );
  for (const [i, one] of held.entries())
    for (const other of held.slice(i + 1))
      expect(one.port === other.port && addressesMeet(one.address, other.address)).toBe(false);
  const names = held.map(({ address, port }) => (address === '::' ? `[::]:${port}` : `${address}:${port}`));
  expect(stage.open.filter((name) => !names.includes(name))).toEqual([]);
  expect(stage.open.length).toBeLessThanOrEqual(16);
}

describe('whatever clients do', () => {
  test('no port is ever the port of two, and at the end nothing is open', async () => {
    await fc.assert(
      fc.asyncProperty(story, async (steps) => {
        const crowd = new Crowd();
        for (const { client, step: done, isAwaited } of steps) {
          await crowd.do(client, done, isAwaited);
          if (isAwaited) await crowd.allDone();
          if (isAwaited) expectOneOwnerEach(crowd);
        }
        await crowd.allDone();
        expectOneOwnerEach(crowd);
        await crowd.close();
        expect([crowd.stage.open, crowd.stage.assignments(), crowd.stage.faults]).toEqual([[], [], []]);
        for (let port = FIRST; port <= RIGHTS.last; port++) expect(crowd.stage.isOwn(port)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  test('who is told done has the port until it gives it back', async () => {
    const crowd = new Crowd();
    const outcome = await crowd.stage.publish(crowd.stage.client('joe', RIGHTS), wanted('100-103'));
    expect(outcome?.status).toBe(STATUS.done);
    expect(await crowd.stage.isHeard(102)).toBe(true);
    const { inDatagrams, outDatagrams, drops } = crowd.stage.traffic.toTarget;
    expect([inDatagrams, outDatagrams, drops.toJSON()]).toEqual([1, 0, { 'no-session': 1 }]);
  });
});
