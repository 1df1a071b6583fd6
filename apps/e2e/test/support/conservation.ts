import { expect } from '@jest/globals';
import { eventually } from './eventually.js';
import type { Relay } from './relay.js';
import { dropped, type Status, type Traffic } from './status.js';

/**
 * Expects that every datagram that came in went out or was dropped with a counted reason. frp and
 * rathole lost datagrams without a count.
 */
export async function expectConserved({ client, server }: Relay): Promise<void> {
  await eventually(async () => {
    for (const { forward } of [await client.status(), await server.status()])
      for (const traffic of [forward.toTarget, forward.fromTarget])
        expect(traffic.inDatagrams).toBe(traffic.outDatagrams + dropped(traffic));
  });
}

/** Compares the counters of a relay with those of one moment. */
export class Ledger {
  readonly #relay: Relay;
  readonly #before: readonly Counts[];

  private constructor(relay: Relay, before: readonly Counts[]) {
    this.#relay = relay;
    this.#before = before;
  }

  static async open(relay: Relay): Promise<Ledger> {
    await expectConserved(relay);
    return new Ledger(relay, await countsOf(relay));
  }

  /**
   * Expects that since then `sent` datagrams came in and `answered` went back, and that nothing was
   * dropped, in either program or between them.
   */
  async expectNothingLost(sent: number, answered = sent): Promise<void> {
    const expected = { toTarget: all(sent), fromTarget: all(answered), refusedPackets: 0 };
    await eventually(async () => {
      const now = await countsOf(this.#relay);
      expect(now.map((counts, i) => since(counts, this.#before[i]))).toEqual([expected, expected]);
    });
  }
}

interface DirectionCounts {
  readonly in: number;
  readonly out: number;
  readonly dropped: number;
}

interface Counts {
  readonly toTarget: DirectionCounts;
  readonly fromTarget: DirectionCounts;
  readonly refusedPackets: number;
}

const all = (datagrams: number): DirectionCounts => ({ in: datagrams, out: datagrams, dropped: 0 });

/** Returns the counters of client and server. */
async function countsOf({ client, server }: Relay): Promise<Counts[]> {
  return [counts(await client.status()), counts(await server.status())];
}

function counts({ forward, packets }: Status): Counts {
  const refusedPackets = packets.unsent + dropped(packets);
  return { toTarget: ofDirection(forward.toTarget), fromTarget: ofDirection(forward.fromTarget), refusedPackets };
}

function ofDirection(traffic: Traffic): DirectionCounts {
  return { in: traffic.inDatagrams, out: traffic.outDatagrams, dropped: dropped(traffic) };
}

function since(now: Counts, before: Counts | undefined): Counts {
  if (before === undefined) return now;
  const direction = (name: 'toTarget' | 'fromTarget'): DirectionCounts => ({
    in: now[name].in - before[name].in,
    out: now[name].out - before[name].out,
    dropped: now[name].dropped - before[name].dropped,
  });
  const refusedPackets = now.refusedPackets - before.refusedPackets;
  return { toTarget: direction('toTarget'), fromTarget: direction('fromTarget'), refusedPackets };
}
