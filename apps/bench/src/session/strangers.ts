import { randomFillSync } from 'node:crypto';
import { INITIATION_BYTES, MIN_TRANSPORT_BYTES } from '@relay/packet';
import { loadPrimitives } from '@relay/session';
import type { BenchmarkCase } from '../case.js';
import { compare, type Contender } from '../packet/timing.js';
import { Ends } from './ends.js';
import { heapBytes } from './heap.js';

/** Datagrams of one kind with different bytes. All of them are refused. */
function flood(ends: Ends, subject: string, datagram: Uint8Array, changeAt: number): Contender {
  return {
    subject,
    run(operations) {
      let refused = 0;
      for (let i = 0; i < operations; i++) {
        datagram[changeAt] = i;
        datagram[changeAt + 1] = i >> 8;
        if (ends.receive(datagram, datagram.length) < 0) refused++;
        ends.toClient.length = 0;
      }
      if (refused !== operations) throw new Error('a stranger was let in');
      return refused;
    },
  };
}

function ofType(type: number, length: number): Uint8Array {
  const bytes = randomFillSync(new Uint8Array(length));
  bytes.set([type, 0, 0, 0]);
  return bytes;
}

const newEnds = async (): Promise<Ends> => new Ends(await loadPrimitives());

/** A cookie may go to one address this often, in ms. */
const COOKIE_EVERY_MS = 10;

/**
 * Initiations of a stranger who knows the server's public key and brings no cookie. The server is
 * under load. `everyMs` apart, they are answered, or mostly not.
 */
function knowing(ends: Ends, subject: string, everyMs: number): Contender {
  const initiation = ends.initiation();
  ends.server.setLoad('loaded', 0);
  let elapsedMs = 0;
  return {
    subject,
    run(operations) {
      let refused = 0;
      for (let i = 0; i < operations; i++) {
        elapsedMs += everyMs;
        if (ends.receive(initiation, initiation.length, elapsedMs) < 0) refused++;
        if (everyMs > 0 && ends.toClient.length !== 1) throw new Error('there was no cookie');
        ends.toClient.length = 0;
      }
      return refused;
    },
  };
}

export const strangerCases: readonly BenchmarkCase[] = [
  {
    name: 'session/strangers/refused',
    async run(options) {
      const ends = await newEnds();
      const contenders = [
        flood(ends, 'initiation with a wrong mac1', ofType(1, INITIATION_BYTES), 20),
        flood(ends, 'transport packet of unknown index', ofType(4, MIN_TRANSPORT_BYTES + 200).fill(0, 8, 16), 4),
        flood(ends, 'of no type that there is', ofType(77, 200), 20),
        knowing(await newEnds(), 'right mac1, no mac2, answered with a cookie', COOKIE_EVERY_MS),
        knowing(await newEnds(), 'right mac1, no mac2, too many for cookies', 0),
      ];
      return compare(contenders, options).map(({ subject, value }) => ({ subject, value, unit: 'refused/s of CPU' }));
    },
  },
  {
    name: 'session/strangers/memory',
    async run({ smoke }) {
      const ends = await newEnds();
      const strangers = flood(ends, 'wrong mac1', ofType(1, INITIATION_BYTES), 20);
      strangers.run(10_000);
      const before = heapBytes();
      const count = smoke ? 1000 : 1_000_000;
      strangers.run(count);
      return [{ subject: `after ${count} strangers`, value: (heapBytes() - before) / 1024, unit: 'KiB more' }];
    },
  },
];
