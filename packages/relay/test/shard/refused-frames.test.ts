import { describe, expect, test } from '@jest/globals';
import { encodeAddressedHeader, encodeCompactHeader, FLOW_OPENED_BY_SERVER } from '@relay/packet';
import { packed, Pair, TARGET } from './pair.js';

/** An id of the server, under which only the server opens a flow. */
const OF_SERVER = 2 | FLOW_OPENED_BY_SERVER;

describe('a frame that the server refuses', () => {
  test.each([
    ['a datagram of a flow that the server never opened', 'unknown-flow', compact()],
    ['a flow that begins under an id of the server', 'unknown-frame', addressed()],
  ])('is counted once: %s', async (_name, reason, frame) => {
    const pair = await Pair.open();
    pair.client.channel.session?.sendFrames(frame, 0, frame.length, pair.nowMs);
    pair.settle();
    await pair.pass(100);
    expect(pair.server.figures()).toMatchObject({ sessions: 1, flows: 0, packetDrops: { [reason]: 1 } });
    expect(pair.arrivals).toEqual([]);
  });
});

function compact(): Uint8Array {
  const bytes = new Uint8Array(100);
  return bytes.subarray(0, encodeCompactHeader(bytes, 0, OF_SERVER));
}

function addressed(): Uint8Array {
  const bytes = new Uint8Array(100);
  const endpoints = { source: packed({ address: '127.0.0.1', port: 1000 }), destination: packed(TARGET) };
  return bytes.subarray(0, encodeAddressedHeader(bytes, 0, OF_SERVER, endpoints, 0));
}
