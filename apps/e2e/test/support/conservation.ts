import { expect } from '@jest/globals';
import { eventually } from './eventually.js';
import type { Relay } from './relay.js';
import {
  dropped,
  type CarryingStatus,
  type ClientStatus,
  type Mode,
  type ServerStatus,
  type Status,
  type Traffic,
} from './status.js';

/**
 * Expects that every datagram that came in went out or was dropped with a counted reason. frp and
 * rathole lost datagrams without a count.
 */
export async function expectConserved({ client, server }: Relay): Promise<void> {
  await eventually(async () => {
    for (const status of [await client.status(), await server.status()])
      for (const { toTarget, fromTarget } of modesOf(status))
        for (const traffic of [toTarget, fromTarget])
          expect(traffic.inDatagrams).toBe(traffic.outDatagrams + dropped(traffic));
  });
}

/** The datagrams of each mode; a program of the former release has none of publish. */
const modesOf = ({ forward, publish }: CarryingStatus): Status['forward'][] =>
  publish === undefined ? [forward] : [forward, publish];

/** Compares the counters of a relay, in one mode, with those of one moment. */
export class Ledger {
  readonly #relay: Relay;
  readonly #mode: Mode;
  readonly #before: readonly Counts[];

  private constructor(relay: Relay, mode: Mode, before: readonly Counts[]) {
    this.#relay = relay;
    this.#mode = mode;
    this.#before = before;
  }

  static async open(relay: Relay, mode: Mode = 'forward'): Promise<Ledger> {
    await expectConserved(relay);
    return new Ledger(relay, mode, await countsOf(relay, mode));
  }

  /**
   * Expects that since then `sent` datagrams came in and `answered` went back, and that nothing was
   * dropped, in either program or between them.
   */
  async expectNothingLost(sent: number, answered = sent): Promise<void> {
    const expected = { toTarget: all(sent), fromTarget: all(answered), refusedPackets: 0 };
    await eventually(async () => {
      const now = await countsOf(this.#relay, this.#mode);
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
async function countsOf({ client, server }: Relay, mode: Mode): Promise<Counts[]> {
  return [counts(await client.status(), mode), counts(await server.status(), mode)];
}

function counts({ packets, ...modes }: ClientStatus | ServerStatus, mode: Mode): Counts {
  const { toTarget, fromTarget } = modes[mode];
  const refusedPackets = packets.unsent + dropped(packets);
  return { toTarget: ofDirection(toTarget), fromTarget: ofDirection(fromTarget), refusedPackets };
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
