// A round trip longer than the wait between attempts: each answer came when the next was out.
import { describe, expect, test } from '@jest/globals';
import { PACKET, packetType } from '@relay/packet';
import { TwoEnds } from '../two-ends.js';

const QUICK_WAIT_MS = 600;

/** Two ends with a wire between them that takes time, and loses what it is told to. */
class FarEnds extends TwoEnds {
  initiations = 0;
  readonly #oneWayMs: number;
  readonly #isLost: (number: number, to: 'server' | 'client') => boolean;
  readonly #onWay: { readonly atMs: number; readonly arrive: () => void }[] = [];
  #sent = 0;

  constructor(roundTripMs: number, isLost = (_number: number, _to: 'server' | 'client'): boolean => false) {
    super();
    this.#oneWayMs = roundTripMs / 2;
    this.#isLost = isLost;
  }

  /** Lets time pass until the client is connected. Returns how long that took. */
  connectFar(withinMs: number): number {
    const beginMs = this.nowMs;
    this.client.connect(this.nowMs, this.wallMs);
    while (this.nowMs < beginMs + withinMs) {
      this.#carry();
      if (this.client.state === 'connected') return this.nowMs - beginMs;
      this.step();
    }
    return Infinity;
  }

  step(): void {
    const nextMs = Math.min(this.client.nextWakeMs, this.server.nextWakeMs, this.#onWay[0]?.atMs ?? Infinity);
    this.nowMs = Math.max(this.nowMs, nextMs);
    while ((this.#onWay[0]?.atMs ?? Infinity) <= this.nowMs) this.#onWay.shift()?.arrive();
    this.client.wake(this.nowMs);
    this.server.wake(this.nowMs);
    this.#carry();
  }

  #carry(): void {
    const atMs = this.nowMs + this.#oneWayMs;
    for (const { bytes } of this.clientEnd.sent.splice(0)) {
      if (packetType(bytes, 0, bytes.length) === PACKET.initiation) this.initiations++;
      if (!this.#isLost(this.#sent++, 'server')) this.#onWay.push({ atMs, arrive: () => this.toServer(bytes) });
    }
    for (const { bytes } of this.serverEnd.sent.splice(0))
      if (!this.#isLost(this.#sent++, 'client')) this.#onWay.push({ atMs, arrive: () => this.toClient(bytes) });
  }
}

describe.each([100, 300, 700, 1200, 2500])('a server with a round trip of %i ms', (roundTripMs) => {
  const promisedMs = 2 * roundTripMs + QUICK_WAIT_MS;

  test('is connected to within two round trips and the first wait', () => {
    for (let run = 0; run < 20; run++) expect(new FarEnds(roundTripMs).connectFar(30_000)).toBeLessThan(promisedMs);
  });

  test('is connected to within as long and one round trip if it is under load and asks for a cookie', () => {
    for (let run = 0; run < 20; run++) {
      const ends = new FarEnds(roundTripMs);
      ends.server.setLoad('loaded', ends.nowMs);
      expect(ends.connectFar(30_000)).toBeLessThan(promisedMs + roundTripMs);
    }
  });

  test('is asked once for new keys, since the round trip is known', () => {
    const ends = new FarEnds(roundTripMs);
    ends.connectFar(30_000);
    ends.initiations = 0;
    const untilMs = ends.nowMs + 130_000;
    while (ends.nowMs < untilMs) ends.step();
    expect(ends.initiations).toBe(1);
  });
});

test('a client far away connects within seconds where a third of all packets is lost', () => {
  let seed = 1;
  const isLost = (): boolean => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return seed % 65_537 < 21_845;
  };
  const times = Array.from({ length: 30 }, () => new FarEnds(700, isLost).connectFar(60_000)).sort((a, b) => a - b);
  expect(times[15]).toBeLessThan(5000);
  expect(times[29]).toBeLessThan(20_000);
});

test('a repeated answer to an attempt that was not the newest changes nothing', () => {
  const ends = new TwoEnds();
  ends.client.connect(ends.nowMs, ends.wallMs);
  const [first] = ends.clientEnd.sent.splice(0);
  ends.nowMs = ends.client.nextWakeMs;
  ends.client.wake(ends.nowMs);
  ends.clientEnd.sent.length = 0; // the second does not reach the server
  ends.toServer(first?.bytes ?? new Uint8Array());
  const [answer] = ends.serverEnd.sent.splice(0);
  const dueMs = ends.client.nextWakeMs;
  for (let repetition = 0; repetition < 20; repetition++) {
    ends.nowMs += 20;
    ends.toClient(answer?.bytes ?? new Uint8Array());
  }
  expect(ends.client.nextWakeMs).toBeLessThanOrEqual(dueMs + 400);
  expect(ends.client.state).toBe('connecting');
});
