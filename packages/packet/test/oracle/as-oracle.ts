/**
 * The package's frames and UdpPackets in the words of the oracle, so that the two can be compared.
 */
import {
  FLOW_SETTING,
  PACKED_ENDPOINT_BYTES,
  packEndpoint,
  PARAMETER,
  type Endpoint,
  type Frame,
  type UdpPacket,
} from '../../src/index.js';

export function udpPacketAsOracle(packet: UdpPacket): object {
  return {
    source: endpoint(packet.source),
    destination: endpoint(packet.destination),
    timestampUs:
      packet.timestampMs === undefined
        ? undefined
        : Number(BigInt(Math.floor(packet.timestampMs)) * 1000n) + Math.round((packet.timestampMs % 1) * 1000),
    payload: [...packet.payload],
  };
}

export function frameAsOracle(frame: Frame): object {
  switch (frame.type) {
    case 'padding':
      return { padding: frame.length };
    case 'compact':
      return { flowId: frame.flowId, payload: [...frame.payload] };
    case 'extended': {
      const { flowId, number, trafficClass, source, payload } = frame;
      return { flowId, number, trafficClass, source: source && endpoint(source), payload: [...payload] };
    }
    case 'addressed':
      return { flowId: frame.flowId, packet: udpPacketAsOracle(frame.packet) };
    case 'fragment': {
      const { id, total, index, count, piece } = frame;
      return { id, total, index, count, piece: [...piece] };
    }
    case 'flowAcknowledge':
      return { acknowledge: frame.flowId };
    case 'flowClose':
      return { close: frame.flowId, reason: frame.reason };
    case 'flowUnknown':
      return { unknown: frame.flowId };
    case 'flowSettings': {
      const settings = Object.entries(FLOW_SETTING).map(([name, key]) => [
        key,
        frame[name as keyof typeof FLOW_SETTING],
      ]);
      return { flowId: frame.flowId, settings: settings.filter(([, value]) => value !== undefined) };
    }
    case 'ping':
      return { token: [...frame.token], timeUs: frame.timeUs };
    case 'pong': {
      const { token, timeUs, delayUs, observed } = frame;
      return { token: [...token], timeUs, delayUs, ...endpoint(observed) };
    }
    case 'report': {
      const { index, received, highest, jitterUs, roundTripUs } = frame;
      return { index, received, highest, jitterUs, roundTripUs };
    }
    case 'parameters':
      return { version: frame.version, entries: entries(frame) };
    case 'close':
      return { sessionClose: frame.reason };
    case 'request':
      return { request: frame.id, kind: frame.kind, body: [...frame.body] };
    case 'answer':
      return { answer: frame.id, kind: frame.kind, status: frame.status, body: [...frame.body] };
    case 'skipped':
      return { skipped: frame.number, body: [...frame.body] };
  }
}

function endpoint(value: Endpoint): { address: number[]; port: number } {
  const bytes = new Uint8Array(PACKED_ENDPOINT_BYTES);
  packEndpoint(value, bytes, 0);
  return { address: [...bytes.subarray(0, 16)], port: value.port };
}

function entries(frame: Frame & { type: 'parameters' }): [number, number[]][] {
  const found: [number, number[]][] = [];
  for (const [name, key] of Object.entries(PARAMETER)) {
    const value = frame[name as keyof typeof PARAMETER];
    if (value !== undefined) found.push([key, [...new Uint8Array(Uint32Array.of(value).buffer)]]);
  }
  return found;
}
