/** For each decoder, what must hold for any bytes. A target throws where it does not. */
import { deepStrictEqual, ok } from 'node:assert/strict';
import type * as packetModule from '../../src/index.js';
import { frameAsOracle, udpPacketAsOracle } from '../oracle/as-oracle.js';
import { oracleFrames, oracleUdpPacket } from '../oracle/oracle.js';
import { text } from '../vectors/vectors.js';

type Package = typeof packetModule;

export type Target = (packet: Package, input: Uint8Array) => void;

export const TARGETS: Readonly<Record<string, Target>> = {
  packets(packet, input) {
    const type = packet.packetType(input, 0, input.length);
    if (type < 0) packet.dropReasonOf(type);
    const decoders = [packet.decodeInitiation, packet.decodeResponse, packet.decodeCookieReply, packet.decodeNotice];
    const accepted = decoders.filter((decode) => typeof decode(input) !== 'string').length;
    deepStrictEqual(accepted, type < 0 || type === packet.PACKET.transport ? 0 : 1);
    if (type === packet.PACKET.transport) {
      const copy = new Uint8Array(input);
      packet.encodeTransportHeader(copy, 0, packet.transportReceiverIndex(input, 0), packet.transportCounter(input, 0));
      deepStrictEqual(copy, input);
    }
  },

  'udp-packets'(packet, input) {
    const decoded = packet.UdpPacket.tryDeserialize(input);
    const accepted = typeof decoded === 'string' ? undefined : decoded;
    deepStrictEqual(text(accepted && udpPacketAsOracle(accepted)), text(oracleUdpPacket(input)));
    if (accepted !== undefined) deepStrictEqual(accepted.serialize(), input);
  },

  frames(packet, input) {
    const decoded = packet.decodeFrames(input);
    const accepted = typeof decoded === 'string' ? undefined : decoded;
    deepStrictEqual(text(accepted?.map(frameAsOracle)), text(oracleFrames(input)));
    if (accepted !== undefined)
      deepStrictEqual(text(packet.decodeFrames(packet.encodeFrames(accepted))), text(accepted));
  },

  reassembly(packet, input) {
    const reassembly = new packet.Reassembly({ maxBytes: 300, maxDatagrams: 3, timeoutMs: 50 });
    const fields = new packet.FragmentFields();
    let nowMs = 0;
    for (let at = 0; at < input.length;) {
      const next = packet.nextFrame(input, at, input.length);
      if (next < 0) return;
      if (packet.decodeFragment(input, at, input.length, fields) >= 0) {
        const length = reassembly.add(fields, input, nowMs);
        ok(length <= 0 || length === reassembly.whole.length);
      }
      ok(reassembly.pendingBytes <= 300 && reassembly.pendingDatagrams <= 3);
      nowMs += fields.id & 0x1f;
      at = next;
    }
  },

  'proxy-v2'(packet, input) {
    const decoded = packet.decodeProxiedDatagram(input);
    if (typeof decoded === 'string' || decoded.endpoints === undefined) return;
    deepStrictEqual(text(packet.decodeProxiedDatagram(packet.encodeProxiedDatagram(decoded))), text(decoded));
  },

  'simple-proxy'(packet, input) {
    same(packet.decodeSimpleProxiedDatagram(input), packet.encodeSimpleProxiedDatagram, input);
  },

  'control-bodies'(packet, input) {
    same(packet.decodePublishedPorts(input), packet.encodePublishedPorts, input);
    same(packet.decodeRefusedPort(input), ({ port }) => packet.encodeRefusedPort(port), input);
    const publish = packet.decodePublish(input);
    // What is skipped or not known is not kept.
    if (typeof publish !== 'string')
      deepStrictEqual(packet.decodePublish(packet.encodePublish(publish)), { ...publish, unknown: [] });
    same(packet.decodeName(input), ({ name }) => packet.encodeName(name), input);
    same(packet.decodeResolvedName(input), packet.encodeResolvedName, input);
    same(packet.decodeGoAway(input), packet.encodeGoAway, input);
  },

  addresses(packet, input) {
    const given = String.fromCharCode(...input);
    const endpoint = packet.parseEndpoint(given);
    if (endpoint !== undefined) deepStrictEqual(packet.parseEndpoint(packet.formatEndpoint(endpoint)), endpoint);
    const address = packet.parseAddress(given);
    if (address !== undefined) deepStrictEqual(packet.parseAddress(address), address);
  },
};

/**
 * What a body is decoded to must be encoded as the same bytes, but for IPv4 in the forms that have
 * a shorter one.
 */
function same<T extends object>(decoded: T | string, encode: (value: T) => Uint8Array, input: Uint8Array): void {
  if (typeof decoded !== 'string') deepStrictEqual(encode(decoded), input);
}
