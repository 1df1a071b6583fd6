/**
 * What each file of vectors is about: how its bytes are decoded and its values encoded. Runs in any
 * runtime.
 */
import {
  COUNTER_LIMIT,
  decodeCookieReply,
  decodeFrames,
  decodeGoAway,
  decodeInitiation,
  decodeName,
  decodeNotice,
  decodeProxiedDatagram,
  decodePublish,
  decodePublishedPorts,
  decodeRefusedPort,
  decodeResolvedName,
  decodeResponse,
  decodeSimpleProxiedDatagram,
  dropReasonOf,
  encodeCookieReply,
  encodeFrames,
  encodeGoAway,
  encodeInitiation,
  encodeName,
  encodeNotice,
  encodeProxiedDatagram,
  encodePublish,
  encodePublishedPorts,
  encodeRefusedPort,
  encodeResolvedName,
  encodeResponse,
  encodeSimpleProxiedDatagram,
  encodeTransportHeader,
  formatEndpoint,
  MIN_TRANSPORT_BYTES,
  PACKET,
  packEndpoint,
  PACKED_ENDPOINT_BYTES,
  packetType,
  parseEndpoint,
  transportCounter,
  TRANSPORT_HEADER_BYTES,
  transportReceiverIndex,
  UdpPacket,
  unpackEndpoint,
  type CookieReply,
  type Frame,
  type GoAway,
  type HandshakeInitiation,
  type HandshakeResponse,
  type Notice,
  type ProxiedDatagram,
  type PublishedPorts,
  type PublishRequest,
  type SimpleProxiedDatagram,
  type ResolvedName,
  type UdpPacketInit,
} from '../../src/index.js';

export interface Codec {
  /** The value, or a drop reason as text. */
  decode(bytes: Uint8Array): unknown;
  /** `value` is as the file has it, but with bytes for `{ "hex": … }`. */
  encode(value: unknown): Uint8Array;
}

interface Transport {
  readonly receiverIndex: number;
  readonly counter: number;
  readonly frames: Uint8Array;
}

export const CODECS: Readonly<Record<string, Codec>> = {
  'packets.json': { decode: decodePacket, encode: encodePacket },
  'frames.json': {
    decode: decodeFrames,
    encode: (value) => encodeFrames((value as Frame[]).map(withPacket)),
  },
  'udp-packets.json': {
    decode: (bytes) => UdpPacket.tryDeserialize(bytes),
    encode: (value) => UdpPacket.from(value as UdpPacketInit).serialize(),
  },
  'proxy-v2.json': {
    decode: decodeProxiedDatagram,
    encode: (value) => {
      const datagram = value as Omit<ProxiedDatagram, 'endpoints'> & { endpoints: ProxiedDatagram['endpoints'] | null };
      return encodeProxiedDatagram({ ...datagram, endpoints: datagram.endpoints ?? undefined });
    },
  },
  'simple-proxy.json': {
    decode: decodeSimpleProxiedDatagram,
    encode: (value) => encodeSimpleProxiedDatagram(value as SimpleProxiedDatagram),
  },
  'ports.json': {
    decode: decodePublishedPorts,
    encode: (value) => encodePublishedPorts(value as PublishedPorts),
  },
  'publish.json': { decode: decodePublish, encode: (value) => encodePublish(value as PublishRequest) },
  'refused-port.json': {
    decode: decodeRefusedPort,
    encode: (value) => encodeRefusedPort((value as { port?: number }).port),
  },
  'names.json': { decode: decodeName, encode: (value) => encodeName((value as { name: string }).name) },
  'addresses.json': { decode: decodeResolvedName, encode: (value) => encodeResolvedName(value as ResolvedName) },
  'go-away.json': { decode: decodeGoAway, encode: (value) => encodeGoAway(value as GoAway) },
  'endpoints.json': {
    decode: (bytes) => formatEndpoint(unpackEndpoint(bytes, 0)),
    encode: (value) => {
      const endpoint = parseEndpoint(value as string);
      const bytes = new Uint8Array(PACKED_ENDPOINT_BYTES);
      if (endpoint !== undefined) packEndpoint(endpoint, bytes, 0);
      return bytes;
    },
  },
};

function decodePacket(bytes: Uint8Array): unknown {
  const type = packetType(bytes, 0, bytes.length);
  switch (type) {
    case PACKET.initiation:
      return typed(type, decodeInitiation(bytes));
    case PACKET.response:
      return typed(type, decodeResponse(bytes));
    case PACKET.cookieReply:
      return typed(type, decodeCookieReply(bytes));
    case PACKET.notice:
      return typed(type, decodeNotice(bytes));
    case PACKET.transport:
      return {
        type,
        receiverIndex: transportReceiverIndex(bytes, 0),
        counter: transportCounter(bytes, 0),
        frames: bytes.subarray(TRANSPORT_HEADER_BYTES),
      };
    default:
      return dropReasonOf(type);
  }
}

function encodePacket(value: unknown): Uint8Array {
  const { type } = value as { type: number };
  switch (type) {
    case PACKET.initiation:
      return encodeInitiation(value as HandshakeInitiation);
    case PACKET.response:
      return encodeResponse(value as HandshakeResponse);
    case PACKET.cookieReply:
      return encodeCookieReply(value as CookieReply);
    case PACKET.notice:
      return encodeNotice(value as Notice);
    default: {
      const { receiverIndex, counter, frames } = value as Transport;
      const bytes = new Uint8Array(Math.max(TRANSPORT_HEADER_BYTES + frames.length, MIN_TRANSPORT_BYTES));
      if (counter >= COUNTER_LIMIT) throw new RangeError('not a counter');
      bytes.set(frames, encodeTransportHeader(bytes, 0, receiverIndex, counter));
      return bytes;
    }
  }
}

function typed(type: number, decoded: object | string): unknown {
  return typeof decoded === 'string' ? decoded : { type, ...decoded };
}

function withPacket(frame: Frame): Frame {
  return frame.type === 'addressed' ? { ...frame, packet: UdpPacket.from(frame.packet) } : frame;
}
