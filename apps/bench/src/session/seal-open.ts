import { AEAD_TAG_BYTES, encodeCompactHeader, TRANSPORT_HEADER_BYTES } from '@relay/packet';
import type { Primitives } from '@relay/session';
import type { BenchmarkCase } from '../case.js';
import { compare, inMicroseconds, type Contender } from '../packet/timing.js';
import { Ends, NOW_MS } from './ends.js';
import { engines } from './engines.js';
import { evpLoop } from './evp-loop.js';

const PAYLOAD_BYTES = 200;
/** With the frame's header. */
const SEALED_BYTES = PAYLOAD_BYTES + 5;

/**
 * Carries a datagram of 200 B from client to server: it is framed, sealed and opened, and the
 * program gets its frame.
 */
function sealAndOpen(primitives: Primitives): Contender {
  const ends = new Ends(primitives);
  const session = ends.connect();
  const bytes = new Uint8Array(TRANSPORT_HEADER_BYTES + 8 + PAYLOAD_BYTES + AEAD_TAG_BYTES);
  return {
    subject: `seal and open, ${primitives.name}`,
    run(operations) {
      let refused = 0;
      for (let i = 0; i < operations; i++) {
        const payload = encodeCompactHeader(bytes, TRANSPORT_HEADER_BYTES, 2);
        const length = session.seal(bytes, 0, payload + PAYLOAD_BYTES - TRANSPORT_HEADER_BYTES, NOW_MS);
        refused += ends.receive(bytes, length);
      }
      if (refused !== 0) throw new Error('a packet was refused');
      return refused;
    },
  };
}

/** Measures the primitive alone, for comparison. The rest is the cost of the channel. */
function primitiveAlone(primitives: Primitives): Contender {
  const cipher = primitives.cipher(new Uint8Array(32));
  const bytes = new Uint8Array(SEALED_BYTES + AEAD_TAG_BYTES);
  return {
    subject: `ChaCha20-Poly1305 alone, ${primitives.name}`,
    run(operations) {
      let opened = 0;
      for (let i = 0; i < operations; i++) {
        cipher.seal(bytes, 0, SEALED_BYTES, i);
        if (cipher.open(bytes, 0, SEALED_BYTES, i)) opened++;
      }
      if (opened !== operations) throw new Error('a packet did not open');
      return opened;
    },
  };
}

export const sealOpenCases: readonly BenchmarkCase[] = [
  {
    name: 'session/seal-open/200-bytes',
    async run(options) {
      const contenders = (await engines()).flatMap((primitives) => [
        sealAndOpen(primitives),
        primitiveAlone(primitives),
      ]);
      return inMicroseconds(compare([...contenders, ...evpLoop(SEALED_BYTES)], options));
    },
  },
];
