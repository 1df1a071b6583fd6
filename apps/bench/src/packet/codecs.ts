/**
 * Common formats for a record like a datagram with its endpoints. Each one has the layout that it
 * is made for.
 */
import { decode as decodeMessagePack, encode as encodeMessagePack } from '@msgpack/msgpack';
import { UdpPacket } from '@relay/packet';
import { Parser } from 'binary-parser';
import dnsPacket from 'dns-packet';
import mqttPacket from 'mqtt-packet';
import protobuf from 'protobufjs';
import { datagrams, type Datagram } from './datagrams.js';

export interface Codec {
  readonly subject: string;
  /** Makes the object to encode, once. */
  readonly prepare: (datagram: Datagram) => unknown;
  /** Undefined for libraries that only decode. */
  readonly encode: ((prepared: unknown) => Uint8Array) | undefined;
  /** Returns the bytes to decode, if the library cannot make them itself. */
  readonly bytesOf?: (datagram: Datagram) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => unknown;
  /** Returns the decoded datagram in the form that all codecs share. */
  readonly meaningOf: (decoded: unknown) => Datagram;
}

const udpPacket: Codec = {
  subject: '@relay/packet UdpPacket',
  prepare: (datagram) => UdpPacket.from(datagram),
  encode: (prepared) => (prepared as UdpPacket).serialize(),
  decode: (bytes) => UdpPacket.deserialize(bytes),
  meaningOf(decoded) {
    const { source, destination, payload, timestampMs = 0 } = decoded as UdpPacket;
    return { source, destination, payload, timestampMs };
  },
};

const schema = protobuf.parse(`
  syntax = "proto3";
  message Endpoint { string address = 1; uint32 port = 2; }
  message Datagram { Endpoint source = 1; Endpoint destination = 2; bytes payload = 3; double timestampMs = 4; }
`).root;
const DatagramMessage = schema.lookupType('Datagram');

const protobufCodec: Codec = {
  subject: 'protobufjs',
  prepare: (datagram) => DatagramMessage.create(datagram),
  encode: (prepared) => DatagramMessage.encode(prepared as protobuf.Message).finish(),
  decode: (bytes) => DatagramMessage.decode(bytes),
  meaningOf: (decoded) => DatagramMessage.toObject(decoded as protobuf.Message) as Datagram,
};

const messagePack: Codec = {
  subject: '@msgpack/msgpack',
  prepare: (datagram) => datagram,
  encode: (prepared) => encodeMessagePack(prepared),
  decode: (bytes) => decodeMessagePack(bytes),
  meaningOf: (decoded) => decoded as Datagram,
};

interface BinaryRecord {
  readonly source: readonly number[];
  readonly sourcePort: number;
  readonly destination: readonly number[];
  readonly destinationPort: number;
  readonly timestampUs: bigint;
  readonly payload: Uint8Array;
}
// Reads the layout of @relay/packet, but only for IPv4 and with a timestamp.
const binaryParser = new Parser()
  .endianness('little')
  .uint8('version', { assert: 1 })
  .uint8('flags', { assert: 4 })
  .uint16('payloadLength')
  .array('source', { type: 'uint8', length: 4 })
  .uint16('sourcePort')
  .array('destination', { type: 'uint8', length: 4 })
  .uint16('destinationPort')
  .uint64('timestampUs')
  .buffer('payload', { length: 'payloadLength' });

const binary: Codec = {
  subject: 'binary-parser',
  prepare: (datagram) => datagram,
  encode: undefined,
  bytesOf: (datagram) => UdpPacket.from(datagram).serialize(),
  decode: (bytes) => binaryParser.parse(bytes),
  meaningOf(decoded) {
    const record = decoded as BinaryRecord;
    return {
      source: { address: record.source.join('.'), port: record.sourcePort },
      destination: { address: record.destination.join('.'), port: record.destinationPort },
      payload: record.payload,
      timestampMs: Number(record.timestampUs) / 1000,
    };
  },
};

/** A related format: endpoints and time are the topic of a message. */
const mqtt: Codec = {
  subject: 'mqtt-packet',
  prepare: (datagram) => ({
    cmd: 'publish' as const,
    topic: head(datagram),
    payload: Buffer.from(datagram.payload),
    qos: 0 as const,
    dup: false,
    retain: false,
  }),
  encode: (prepared) => mqttPacket.generate(prepared as mqttPacket.IPublishPacket),
  decode(bytes) {
    let found: unknown;
    const parser = mqttPacket.parser();
    parser.on('packet', (packet) => (found = packet));
    parser.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    return found;
  },
  meaningOf(decoded) {
    const { topic, payload } = decoded as { topic: string; payload: Uint8Array };
    return fromHead(topic, payload);
  },
};

/**
 * A related format: endpoints and time are the first text of a TXT record, and the payload is the
 * second.
 */
const dns: Codec = {
  subject: 'dns-packet',
  prepare: (datagram) => ({
    type: 'response' as const,
    answers: [{ type: 'TXT' as const, name: 'd', data: [Buffer.from(head(datagram)), Buffer.from(datagram.payload)] }],
  }),
  encode: (prepared) => dnsPacket.encode(prepared as dnsPacket.Packet),
  decode: (bytes) => dnsPacket.decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)),
  meaningOf(decoded) {
    const [answer] = (decoded as dnsPacket.DecodedPacket).answers ?? [];
    const [topic, payload] = (answer as dnsPacket.TxtAnswer).data as Buffer[];
    return fromHead(String(topic), payload ?? new Uint8Array());
  },
};

function head({ source, destination, timestampMs }: Datagram): string {
  return `${source.address}/${source.port}/${destination.address}/${destination.port}/${timestampMs}`;
}

function fromHead(text: string, payload: Uint8Array): Datagram {
  const [source = '', sourcePort, destination = '', destinationPort, timestampMs] = text.split('/');
  return {
    source: { address: source, port: Number(sourcePort) },
    destination: { address: destination, port: Number(destinationPort) },
    payload,
    timestampMs: Number(timestampMs),
  };
}

/** The codecs. The first one is that of @relay/packet. */
export const codecs: readonly Codec[] = [udpPacket, protobufCodec, messagePack, binary, mqtt, dns];

/** Returns the bytes of all datagrams. */
export function encodedBy(codec: Codec): Uint8Array[] {
  return datagrams.map((datagram) => {
    const bytes = codec.bytesOf?.(datagram) ?? codec.encode?.(codec.prepare(datagram));
    if (bytes === undefined) throw new Error(`${codec.subject} encodes nothing`);
    return bytes;
  });
}
