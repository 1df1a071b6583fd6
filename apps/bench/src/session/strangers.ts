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

/**
 * Datagrams of a stranger who knows the server's public key and uses a new identity each time. The
 * server is under load.
 */
function knowing(ends: Ends): Contender {
  const initiation = ends.initiation();
  ends.server.setLoad('loaded', 0);
  return {
    subject: 'right mac1, answered with a cookie',
    run(operations) {
      let refused = 0;
      for (let i = 0; i < operations; i++) {
        if (ends.receive(initiation, initiation.length) < 0) refused++;
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
        knowing(await newEnds()),
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
