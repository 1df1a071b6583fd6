import { describe, expect, test } from '@jest/globals';
import { encodeFragmentHeader, FRAGMENT_HEADER_BYTES } from '@relay/packet';
import { Pair } from './pair.js';

/** How many incomplete datagrams of one client wait for their missing pieces. */
const MAX_INCOMPLETE = 64;
const TOTAL_BYTES = 4;

/** The client sends the first of two pieces of a datagram. */
function sendFirstPiece(pair: Pair, id: number): void {
  const piece = new Uint8Array(FRAGMENT_HEADER_BYTES + TOTAL_BYTES / 2);
  encodeFragmentHeader(piece, 0, { id, total: TOTAL_BYTES, index: 0, count: 2 });
  pair.client.channel.session?.sendFrames(piece, 0, piece.length, pair.nowMs);
}

describe('incomplete datagrams of a client', () => {
  test.each([
    [MAX_INCOMPLETE, {}],
    [MAX_INCOMPLETE + 1, { 'reassembly-limit': 1 }],
  ])('are 64 at most: %i of them', async (count, drops) => {
    const pair = await Pair.open();
    for (let id = 0; id < count; id++) sendFirstPiece(pair, id);
    pair.settle();
    await pair.pass(100);
    expect(pair.server.figures().packetDrops).toEqual(drops);
  });

  test('are given up with the session in which they came', async () => {
    const pair = await Pair.open();
    sendFirstPiece(pair, 1);
    pair.settle();
    await pair.pass(100);
    expect(pair.server.figures().packetDrops).toEqual({});
    pair.client.channel.close(pair.nowMs);
    pair.settle();
    await pair.pass(100);
    expect(pair.server.figures()).toMatchObject({ sessions: 0, packetDrops: { 'reassembly-timeout': 1 } });
  });

  test('are given up after five seconds', async () => {
    const pair = await Pair.open();
    sendFirstPiece(pair, 1);
    pair.settle();
    await pair.pass(4900);
    expect(pair.server.figures().packetDrops).toEqual({});
    await pair.pass(500);
    expect(pair.server.figures().packetDrops).toEqual({ 'reassembly-timeout': 1 });
  });
});
