import { UdpPacket } from '@relay/packet';
import type { BenchmarkCase } from '../case.js';
import { codecs, encodedBy } from './codecs.js';
import { datagrams, meaning, type Datagram } from './datagrams.js';
import { compare, type Contender } from './timing.js';

/** Only a codec that keeps the meaning of every datagram is timed. */
function crossCheck(): void {
  for (const codec of codecs) {
    for (const [i, bytes] of encodedBy(codec).entries()) {
      const datagram = datagrams[i];
      const decoded = meaning(codec.meaningOf(codec.decode(bytes)));
      if (datagram === undefined || decoded !== meaning(datagram))
        throw new Error(`${codec.subject} changes datagram ${i}`);
    }
  }
}

/** Makes a contender that does `action` with each item in turn. */
function eachInTurn<T>(subject: string, items: readonly T[], action: (item: T) => number): Contender {
  return {
    subject,
    run(operations) {
      let sum = 0;
      for (let i = 0; i < operations; i++) {
        const item = items[i % items.length];
        if (item !== undefined) sum += action(item);
      }
      return sum;
    },
  };
}

function readAll({ source, destination, payload, timestampMs }: Datagram): number {
  return (
    source.address.length + source.port + destination.address.length + destination.port + payload.length + timestampMs
  );
}

export const udpPacketCases: readonly BenchmarkCase[] = [
  {
    name: 'packet/udp-packet/serialize',
    run(options) {
      crossCheck();
      const contenders = codecs.flatMap(({ subject, prepare, encode }) => {
        if (encode === undefined) return [];
        return [eachInTurn(subject, datagrams.map(prepare), (prepared) => encode(prepared).length)];
      });
      return Promise.resolve(compare(contenders, options));
    },
  },
  {
    name: 'packet/udp-packet/from-serialize',
    run(options) {
      crossCheck();
      const contenders = codecs.flatMap(({ subject, prepare, encode }) => {
        if (encode === undefined) return [];
        return [eachInTurn(`${subject}, made anew`, datagrams, (datagram) => encode(prepare(datagram)).length)];
      });
      return Promise.resolve(compare(contenders, options));
    },
  },
  {
    name: 'packet/udp-packet/deserialize',
    run(options) {
      crossCheck();
      const contenders = codecs.map((codec) => {
        return eachInTurn(codec.subject, encodedBy(codec), (bytes) => (codec.decode(bytes) === undefined ? 0 : 1));
      });
      return Promise.resolve(compare(contenders, options));
    },
  },
  {
    name: 'packet/udp-packet/deserialize-read-all',
    run(options) {
      crossCheck();
      // UdpPacket makes its address texts when they are read. With protobufjs and MessagePack the
      // texts are on the wire.
      const asDatagram = (decoded: unknown) => readAll(decoded as Datagram);
      const contenders = codecs
        .filter(({ subject }) => !['mqtt-packet', 'dns-packet', 'binary-parser'].includes(subject))
        .map((codec) =>
          eachInTurn(`${codec.subject}, every field`, encodedBy(codec), (bytes) => asDatagram(codec.decode(bytes))),
        );
      const payloadOnly = eachInTurn('@relay/packet UdpPacket, payload only', encodedBy(udpPacketCodec()), (bytes) => {
        return UdpPacket.deserialize(bytes).payload.length;
      });
      return Promise.resolve(compare([...contenders, payloadOnly], options));
    },
  },
];

function udpPacketCodec() {
  const [codec] = codecs;
  if (codec === undefined) throw new Error('no codecs');
  return codec;
}
