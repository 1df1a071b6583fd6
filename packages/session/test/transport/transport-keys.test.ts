import { describe, expect, test } from '@jest/globals';
import { nodePrimitives } from '../../src/index.js';
import { ReplayRings } from '../../src/transport/replay-window.js';
import { TransportKeys } from '../../src/transport/transport-keys.js';

describe('transport keys that are wiped', () => {
  test('give the memory of their window back, empty, and neither seal nor open any more', () => {
    const rings = new ReplayRings();
    const keys = {
      initiatorToResponder: new Uint8Array(32).fill(1),
      responderToInitiator: new Uint8Array(32).fill(2),
    };
    const used = new TransportKeys(
      { role: 'client', primitives: nodePrimitives, rings },
      undefined,
      { keys, localIndex: 1, peerIndex: 2 },
      0,
    );
    used.window.mark(5000);
    used.wipe();
    // The ring that was given back last is taken first; it holds nothing of 5000.
    const { words, start } = rings.take();
    expect(words.subarray(start, start + 128).every((word) => word === 0)).toBe(true);
    const fresh = new ReplayRings();
    fresh.take();
    expect(start).toBe(fresh.take().start + 128);
    expect(() => used.sealing.seal(new Uint8Array(32), 0, 16, 0)).toThrow(/wiped/);
    expect(() => used.opening.open(new Uint8Array(32), 0, 16, 0)).toThrow(/wiped/);
  });
});
