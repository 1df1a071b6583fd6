import {
  compactFlowId,
  compactPayloadOffset,
  encodeCompactHeader,
  encodeTransportHeader,
  FRAME,
  frameType,
  nextFrame,
  PACKET,
  packetType,
  TRANSPORT_HEADER_BYTES,
  transportCounter,
  transportReceiverIndex,
} from '@relay/packet';
import type { BenchmarkCase } from '../case.js';
import { measureAllocation } from './allocation.js';
import { compare, type Contender } from './timing.js';

// A batch of packets one behind the other, as a socket delivers them.
const PACKETS = 64;
const PACKET_BYTES = 256;
const bytes = new Uint8Array(PACKETS * PACKET_BYTES);

const encode: Contender = {
  subject: 'outer header and compact datagram',
  run(operations) {
    let sum = 0;
    for (let i = 0; i < operations; i++) {
      const offset = (i % PACKETS) * PACKET_BYTES;
      sum += encodeCompactHeader(bytes, encodeTransportHeader(bytes, offset, i, i), i) - offset;
    }
    return sum;
  },
};

const decode: Contender = {
  subject: 'outer header and compact datagram',
  run(operations) {
    let sum = 0;
    for (let i = 0; i < operations; i++) {
      const offset = (i % PACKETS) * PACKET_BYTES;
      if (packetType(bytes, offset, PACKET_BYTES) !== PACKET.transport) throw new Error('not a transport packet');
      sum += transportReceiverIndex(bytes, offset) + transportCounter(bytes, offset);
      const frame = offset + TRANSPORT_HEADER_BYTES;
      const end = nextFrame(bytes, frame, offset + PACKET_BYTES);
      if (end < 0 || frameType(bytes, frame) !== FRAME.compact) throw new Error('not a compact datagram');
      sum += compactFlowId(bytes, frame) + end - compactPayloadOffset(bytes, frame);
    }
    return sum;
  },
};

const OPERATIONS = 10_000_000;

export const compactCases: readonly BenchmarkCase[] = [
  {
    name: 'packet/compact/encode',
    run: (options) => Promise.resolve(compare([encode], options)),
  },
  {
    name: 'packet/compact/decode',
    run(options) {
      encode.run(PACKETS);
      return Promise.resolve(compare([decode], options));
    },
  },
  {
    name: 'packet/compact/allocation',
    async run({ smoke }) {
      encode.run(PACKETS);
      const measurements = [];
      for (const [subject, contender] of [
        ['encode', encode],
        ['decode', decode],
      ] as const) {
        const { bytesPerOperation, collections } = await measureAllocation(contender, smoke ? 1_000_000 : OPERATIONS);
        if (bytesPerOperation > 0.1 || collections > 1) throw new Error(`${subject} allocates`);
        measurements.push({ subject: `${subject}, collections`, value: collections, unit: 'collections' });
        measurements.push({ subject: `${subject}, heap growth`, value: bytesPerOperation, unit: 'bytes/operation' });
      }
      return measurements;
    },
  },
];
