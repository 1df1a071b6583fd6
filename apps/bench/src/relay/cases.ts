import { loadPrimitives, type Primitives } from '@relay/session';
import type { BenchmarkCase } from '../case.js';
import { compare, inMicroseconds, type Contender } from '../packet/timing.js';
import { JoinedEnds } from './round-trip.js';

const PAYLOAD_BYTES = 200;
const AEAD_TAG_BYTES = 16;

/**
 * On a round trip, a datagram is sealed twice and opened twice. This alone is the minimum cost of a
 * round trip.
 */
function aeadAlone(primitives: Primitives): Contender {
  const cipher = primitives.cipher(new Uint8Array(32));
  const bytes = new Uint8Array(PAYLOAD_BYTES + AEAD_TAG_BYTES);
  return {
    subject: `two seals and two opens alone, ${primitives.name}`,
    run(operations) {
      let opened = 0;
      for (let i = 0; i < 2 * operations; i++) {
        cipher.seal(bytes, 0, PAYLOAD_BYTES, i);
        if (cipher.open(bytes, 0, PAYLOAD_BYTES, i)) opened++;
      }
      if (opened !== 2 * operations) throw new Error('a packet did not open');
      return opened;
    },
  };
}

/** Client, server and an echo: flows, frames, channel and batches, without the sockets. */
function roundTrip(primitives: Primitives, flows: number): Contender {
  const ends = new JoinedEnds(primitives, flows);
  const payload = new Uint8Array(PAYLOAD_BYTES);
  return {
    subject: `round trip, ${flows} flow(s)`,
    run(operations) {
      const before = ends.echoed;
      const rounds = Math.ceil(operations / flows);
      for (let i = 0; i < rounds; i++) ends.roundTrips(payload);
      if (ends.echoed - before !== rounds * flows) throw new Error('a datagram was lost');
      return ends.echoed;
    },
  };
}

export const cases: readonly BenchmarkCase[] = [
  {
    name: 'relay/round-trip/200-bytes',
    async run(options) {
      const primitives = await loadPrimitives();
      const contenders = [aeadAlone(primitives), roundTrip(primitives, 1), roundTrip(primitives, 32)];
      return inMicroseconds(compare(contenders, options));
    },
  },
];
